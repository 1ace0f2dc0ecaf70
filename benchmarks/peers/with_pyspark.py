"""The script's SQL on Spark `local[2]`, translated by sqlglot.

What is published or read by several tables is written as Parquet and read from there.
"""

from __future__ import annotations

from collections import Counter

import sqlglot
from pyspark.sql import SparkSession

from benchmarks.peers.command import SEEDS, Task, read_task
from benchmarks.peers.sql_models import PUBLISHED, names, references, statement

_VIEWS = {"@input": "input", "@segments": "segments", "@value_classes": "value_classes"}


def main(task: Task) -> None:
    """Make a view of each table, write those that are published."""
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "8g")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.local.dir", str(task.work / "spark"))
        .config("spark.sql.warehouse.dir", str(task.work / "spark-warehouse"))
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    files = [str(path) for path in task.inputs]
    if task.inputs[0].suffix == ".parquet":
        spark.read.parquet(*files).createOrReplaceTempView("input")
    else:
        lines = spark.read.csv(files, header=True, escape='"', emptyValue=None, nullValue="")
        lines.createOrReplaceTempView("input")
    for view, file in (("segments", "rfm_segments"), ("value_classes", "value_classes")):
        seed = spark.read.csv(str(SEEDS / f"{file}.csv"), header=True, inferSchema=True)
        seed.createOrReplaceTempView(view)
    readers = Counter(other for name in names() for other in references(name))
    for name in names():
        sql = statement(
            name, None, lambda other: other, load_row="monotonically_increasing_id()", views=_VIEWS
        )
        table = spark.sql(sqlglot.transpile(sql, read="duckdb", write="spark")[0])
        if name in PUBLISHED:
            path = str(task.output / f"{name}.parquet")
            table.write.parquet(path, compression="zstd")
            table = spark.read.parquet(path)
        elif readers[name] > 1:
            # Written, not persisted: Spark 4.1 fails on the plan of the unions that grow otherwise.
            path = str(task.work / f"{name}.parquet")
            table.write.parquet(path)
            table = spark.read.parquet(path)
        table.createOrReplaceTempView(name)
    spark.stop()


if __name__ == "__main__":
    main(read_task("with_pyspark"))
