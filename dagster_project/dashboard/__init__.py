"""The page that a shop's people look at: one file, built from the published marts."""
