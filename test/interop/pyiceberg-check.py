"""PyIceberg on our REST catalog and S3 door: reads, appends, creates; see pyiceberg.test.ts."""
import json
import sys

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import NestedField, TimestampType

from peer_lines import comparable, serve, typed

catalog = load_catalog("lake", **json.loads(sys.argv[1]))


def names():
    return {
        "namespaces": [list(one) for one in catalog.list_namespaces()],
        "tables": {one[0]: [t[-1] for t in catalog.list_tables(one)] for one in catalog.list_namespaces()},
    }


def describe(table):
    loaded = catalog.load_table(table)
    meta = loaded.metadata
    return {
        "columns": [[f.field_id, f.name, str(f.field_type), not f.required] for f in loaded.schema().fields],
        "spec": [[f.source_id, f.field_id, str(f.transform), f.name] for f in loaded.spec().fields],
        "snapshots": sorted(str(s.snapshot_id) for s in meta.snapshots),
        "current": None if meta.current_snapshot_id is None else str(meta.current_snapshot_id),
        "refs": {name: str(ref.snapshot_id) for name, ref in meta.refs.items()},
        "properties": dict(meta.properties),
        "uuid": str(meta.table_uuid),
    }


def rows(table, snapshot_id=None, ref=None, where=None):
    loaded = catalog.load_table(table)
    if ref is not None:
        snapshot_id = loaded.snapshot_by_name(ref).snapshot_id
    at = None if snapshot_id is None else int(snapshot_id)
    read = loaded.scan(row_filter=where or AlwaysTrue(), snapshot_id=at).to_arrow()
    return [comparable(row) for row in read.sort_by("id").to_pylist(maps_as_pydicts="strict")]


def planned(table, where):
    """How many files a filter leaves to read."""
    return len(list(catalog.load_table(table).scan(row_filter=where).plan_files()))


def arrow(loaded, values):
    schema = loaded.schema()
    kinds = {f.name: str(f.field_type) for f in schema.fields}
    typed_rows = [{name: typed(kinds[name], value) for name, value in row.items()} for row in values]
    return pa.Table.from_pylist(typed_rows, schema=schema.as_arrow())


def append(table, values):
    loaded = catalog.load_table(table)
    loaded.append(arrow(loaded, values))
    return str(catalog.load_table(table).metadata.current_snapshot_id)


def overwrite(table, values, where):
    loaded = catalog.load_table(table)
    loaded.overwrite(arrow(loaded, values), overwrite_filter=where)
    return str(catalog.load_table(table).metadata.current_snapshot_id)


def delete(table, where):
    catalog.load_table(table).delete(where)
    return str(catalog.load_table(table).metadata.current_snapshot_id)


def upsert(table, values, key):
    loaded = catalog.load_table(table)
    done = loaded.upsert(arrow(loaded, values), join_cols=key)
    return [done.rows_updated, done.rows_inserted]


def create(table, columns, partition_by=(), staged_rows=None):
    """Columns are [name, type, required]; with rows, made and filled in one transaction."""
    fields = [
        NestedField(index + 1, name, kind, required=required)
        for index, (name, kind, required) in enumerate(columns)
    ]
    schema = Schema(*fields)
    spec = PartitionSpec(*[
        PartitionField(schema.find_field(column).field_id, 1000 + index, parse_transform(transform), name)
        for index, (column, transform, name) in enumerate(partition_by)
    ])
    if staged_rows is None:
        catalog.create_table(table, schema, partition_spec=spec, properties={"made-by": "pyiceberg"})
    else:
        with catalog.create_table_transaction(table, schema, partition_spec=spec) as transaction:
            made = transaction.table_metadata.schema()
            kinds = {f.name: str(f.field_type) for f in made.fields}
            values = [{n: typed(kinds[n], v) for n, v in row.items()} for row in staged_rows]
            transaction.append(pa.Table.from_pylist(values, schema=made.as_arrow()))
    return describe(table)


def evolve(table):
    """Adds, renames and drops a column in one commit of the schema, and sets a property."""
    loaded = catalog.load_table(table)
    with loaded.transaction() as transaction:
        with transaction.update_schema() as update:
            update.add_column("added_at", TimestampType(), doc="by pyiceberg")
            update.rename_column("note", "remark")
        transaction.set_properties({"touched-by": "pyiceberg"})
    return describe(table)


def tag(table, name, snapshot_id):
    catalog.load_table(table).manage_snapshots().create_tag(int(snapshot_id), name).commit()
    return describe(table)["refs"]


def housekeeping():
    """Namespaces, renames, drops, and what the client makes of our errors."""
    seen = {}
    catalog.create_namespace("py_ns", {"owner": "pyiceberg"})
    seen["twice"] = error_of(lambda: catalog.create_namespace("py_ns"))
    seen["properties"] = own_properties("py_ns")
    catalog.update_namespace_properties("py_ns", removals={"owner"}, updates={"team": "lake"})
    seen["changed"] = own_properties("py_ns")
    create("py_ns.first", [["id", "long", True]])
    seen["exists_twice"] = error_of(lambda: create("py_ns.first", [["id", "long", True]]))
    seen["not_empty"] = error_of(lambda: catalog.drop_namespace("py_ns"))
    catalog.rename_table("py_ns.first", "py_ns.second")
    seen["tables"] = [one[-1] for one in catalog.list_tables("py_ns")]
    seen["exists"] = [catalog.table_exists("py_ns.first"), catalog.table_exists("py_ns.second")]
    location = catalog.load_table("py_ns.second").metadata_location
    catalog.drop_table("py_ns.second")
    catalog.register_table("py_ns.third", location)
    catalog.purge_table("py_ns.third")
    seen["gone"] = error_of(lambda: catalog.load_table("py_ns.third"))
    seen["no_namespace"] = error_of(lambda: catalog.list_tables("never_made"))
    catalog.drop_namespace("py_ns")
    seen["left"] = ["py_ns"] in [list(one) for one in catalog.list_namespaces()]
    return seen


def own_properties(namespace):
    """Without the place for tables, that the server adds."""
    properties = dict(catalog.load_namespace_properties(namespace))
    assert properties.pop("location").endswith(f"/{namespace}")
    return properties


def error_of(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return None


serve({
    "names": names, "describe": describe, "rows": rows, "planned": planned, "append": append,
    "overwrite": overwrite, "delete": delete, "upsert": upsert, "create": create,
    "evolve": evolve, "tag": tag, "housekeeping": housekeeping,
})
