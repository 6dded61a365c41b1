"""Spark with the Iceberg runtime on our REST catalog and S3 door; see spark.test.ts."""
import json
import os
import sys
import time

# What the machinery prints must not get among the answers.
answers = os.dup(1)
os.dup2(2, 1)
sys.stdout = os.fdopen(answers, "w")

from pyspark.sql import SparkSession

from peer_lines import comparable, serve

config = json.loads(sys.argv[1])
builder = SparkSession.builder.master("local[2]").appName("lakehouse-interop")
for name, value in config.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")


def sql(text):
    """Rows of a statement as objects by column."""
    return [comparable(row) for row in spark.sql(text).collect()]


def write(table, text):
    """Runs the SELECT and appends its rows by the DataFrame writer."""
    spark.sql(text).writeTo(table).append()
    return None


def columns(table):
    return [[f.name, f.dataType.simpleString(), f.nullable] for f in spark.table(table).schema.fields]


def batches(table, start, count):
    """So many appends, one after the other; how many of them had to be made again is Iceberg's."""
    begun = time.time()
    for index in range(count):
        spark.sql(f"INSERT INTO {table} VALUES ({start + index}, 'spark')")
    return time.time() - begun


serve({"sql": sql, "write": write, "columns": columns, "batches": batches})
