{{ version_in_force('clusters', 'stg_modelling__cluster_scales') }}
