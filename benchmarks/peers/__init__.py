"""The same night in other ways: each module is one implementation, run as a process of its own.

`python -m benchmarks.peers.<name> --input FILE … --output FOLDER` reads the shop's file and writes
the tables of `benchmarks.contract` into the folder, one Parquet file each.
"""
