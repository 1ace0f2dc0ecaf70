{{ version_in_force('predictions', 'stg_modelling__prediction_nodes') }}
