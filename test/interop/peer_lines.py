"""What the engines' scripts have in common: commands by line, and values as comparable JSON."""
import base64
import datetime
import decimal
import json
import math
import sys
import traceback
import uuid

EPOCH = datetime.datetime(1970, 1, 1)


def comparable(value):
    """A value as the Node side makes its own comparable too (see engine-values.ts)."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else number(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat(timespec="microseconds")
    if isinstance(value, datetime.time):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(comparable(key)): comparable(one) for key, one in value.items()}
    if hasattr(value, "asDict"):
        return {key: comparable(one) for key, one in value.asDict(recursive=False).items()}
    return [comparable(one) for one in value]


def number(value):
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def typed(kind, value):
    """A JSON value as the Python value of an Iceberg type; what JSON has itself stays."""
    if value is None or not isinstance(value, str):
        return value
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "timestamp":
        return datetime.datetime.fromisoformat(value)
    if kind == "timestamptz":
        return datetime.datetime.fromisoformat(value).replace(tzinfo=datetime.timezone.utc)
    if kind == "time":
        return datetime.time.fromisoformat(value)
    if kind == "uuid":
        return uuid.UUID(value).bytes
    if kind == "binary":
        return base64.b64decode(value)
    if kind.startswith("decimal"):
        return decimal.Decimal(value)
    return value


def serve(commands):
    """Answers each line of stdin with a line on stdout until stdin ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"ok": commands[asked.pop("command")](**asked)}
        except Exception:
            answer = {"error": traceback.format_exc()[-6000:]}
        print(json.dumps(answer), flush=True)
