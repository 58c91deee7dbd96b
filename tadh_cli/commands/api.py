"""`tadh api`: any call of the service, signed."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from tadh_cli.api.field import walk
from tadh_cli.api.operation import Operation
from tadh_cli.commands import offers
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import DryRun, Set, pairs
from tadh_cli.engine.client import Prepared
from tadh_cli.errors import InputError
from tadh_cli.ui.records import Column, Record, Records, Text, View

commands = Commands("api", "Any call of the service, signed.")

_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")
_OPERATIONS = View(
    id="Name",
    columns=(
        Column("Name"),
        Column("Summary"),
        Column("Path"),
    ),
    wide=(Column("Safe", "Repeatable"), Column("Service"), Column("Documentation"), Column("Deprecated")),
)


@commands.command(
    "api",
    examples=(
        "tadh api --list",
        "tadh api video.create --schema",
        'tadh api video.get -f TaskId="$TASK"',
        "tadh api POST /v2/ivh/crmserver/customerassetservice/describetimbre -f PageIndex=1 -f PageSize=10",
    ),
)
def api(
    tadh: Tadh,
    target: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[METHOD] NAME|PATH", help="operation as in --list, or a path", autocompletion=offers.operations
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", "-f", metavar="KEY=VALUE", help="field of the request, typed as declared"),
    ] = None,
    json_field: Annotated[
        list[str] | None, typer.Option("--json-field", "-F", metavar="KEY=JSON", help="field of the request as JSON")
    ] = None,
    input_: Annotated[
        str | None, typer.Option("--input", metavar="FILE|-", help="JSON of the payload, or of the whole body")
    ] = None,
    set_: Set = None,
    list_: Annotated[bool, typer.Option("--list", help="list all operations")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="print the JSON Schema of the operation")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="print the answer's bytes as they came")] = False,
    curl: Annotated[
        bool, typer.Option("--curl", help="print an equivalent curl command, the signature masked")
    ] = False,
    dry_run: DryRun = False,
) -> Record | Records | Text | None:
    """Call any operation of the service.

    Declared operations are checked first and noted in the ledger when they create something; other paths are
    signed and sent as they are, and never repeated.
    """
    if list_:
        return Records(_listed(tadh), _OPERATIONS)
    method, name = _target(target or [])
    operation = _operation(tadh, name, method)
    if schema:
        return _schema(operation, name)
    body = _fields(tadh, operation, field, json_field, input_)
    prepared = _prepared(tadh, operation, method, name, body, set_)
    for warning in prepared.warnings:
        tadh.messages.warn(warning)
    if curl:
        return Text(_curl(tadh, prepared))
    if dry_run:
        return Record(_rehearsal(tadh, prepared))
    if raw:
        _raw(tadh, prepared)
        return None
    if operation is not None and operation.creates:
        record = tadh.tasks.submit(prepared)
        return Record(record)
    return Record(tadh.client.send(prepared))


def _listed(tadh: Tadh) -> Iterator[Mapping[str, Any]]:
    for operation in tadh.provider.operations():
        yield {
            "Name": operation.name,
            "Method": operation.method,
            "Path": operation.path,
            "Summary": operation.summary,
            "Service": operation.service,
            "Safe": operation.safe,
            "Deprecated": operation.deprecated,
            "Documentation": operation.doc,
            "Fields": [_described(path, field) for path, field in walk(operation.request)],
        }


def _described(path: str, field: Any) -> Mapping[str, Any]:
    kind = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}[field.type]
    return {
        "Name": path,
        "Type": f"{kind}[]" if field.many else kind,
        "Required": field.required,
        "Allowed": field.range(),
        "Help": field.help,
    }


def _target(given: list[str]) -> tuple[str, str]:
    """Method and name: the method may be left out."""
    if len(given) == 1:
        return "", given[0]
    if len(given) == 2 and given[0].upper() in _METHODS:
        return given[0].upper(), given[1]
    what = "NAME or PATH is needed" if not given else f"{' '.join(given)!r} is not [METHOD] NAME|PATH"
    raise InputError(what, hint="`tadh api --list` shows all operations")


def _operation(tadh: Tadh, name: str, method: str) -> Operation | None:
    """The declared operation, None for a path that is not declared."""
    found = tadh.provider.find(name)
    if len(found) > 1:
        raise InputError(f"{name!r} can mean {' or '.join(op.name for op in found)}", hint="use one of these names")
    if found and method in ("", found[0].method):
        return found[0]
    if found:
        raise InputError(f"{found[0].name} is called with {found[0].method}, not {method}")
    if name.startswith("/"):
        return None
    from difflib import get_close_matches

    near = get_close_matches(name, [op.name for op in tadh.provider.operations()], n=3)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else "`tadh api --list` shows all operations; a path begins with /"
    )
    raise InputError(f"there is no operation {name!r}", hint=hint)


def _schema(operation: Operation | None, name: str) -> Record:
    if operation is None:
        raise InputError(f"{name} is not declared, so there is no schema of it", hint="`tadh api --list` shows what is")
    return Record(operation.schema(), View(id="title"))


def _fields(
    tadh: Tadh,
    operation: Operation | None,
    field: Sequence[str] | None,
    json_field: Sequence[str] | None,
    input_: str | None,
) -> dict[str, Any]:
    """The request by dotted path; a key that comes again makes an array where one is declared."""
    values: dict[str, Any] = _input(input_) if input_ else {}
    for key, text in pairs(tadh, "-f", field):
        path = operation.full_path(key) if operation else key
        declared = operation.field(key) if operation else None
        value = operation.parse(key, text) if operation else text
        if declared is not None and declared.many and not isinstance(value, list):
            before = values.get(path)
            value = [*(before if isinstance(before, list) else []), value]
        values[path] = value
    for key, text in pairs(tadh, "-F", json_field):
        try:
            values[operation.full_path(key) if operation else key] = json.loads(text)
        except ValueError as error:
            tadh.problems.append(f"-F {key}: {text!r} is not JSON: {error}")
    return values


def _input(name: str) -> dict[str, Any]:
    from tadh_cli.engine.inputs import text_file

    try:
        document = json.loads(text_file("--input", name))
    except ValueError as error:
        raise InputError(f"--input {name} is not JSON: {error}") from None
    if isinstance(document, dict) and set(document) <= {"Header", "Payload"} and "Payload" in document:
        document = document["Payload"]
    if not isinstance(document, dict):
        raise InputError(f"--input {name} has to be a JSON object")
    return document


def _prepared(
    tadh: Tadh, operation: Operation | None, method: str, name: str, body: dict[str, Any], set_: Sequence[str] | None
) -> Prepared:
    overrides = dict(pairs(tadh, "--set", set_))
    problems, tadh.problems = tadh.problems, []
    if operation is not None:
        prepared: Prepared = tadh.client.prepare(operation, body, overrides=overrides, problems=problems)
        query = name.partition("?")[2]
        return prepared._replace(path=f"{operation.path}?{query}") if query else prepared
    if problems:
        raise InputError(problems)
    from tadh_cli.api.body import put

    payload: dict[str, Any] = {}
    for path, value in {**body, **overrides}.items():
        put(payload, path, value)
    return Prepared(method or "POST", name, payload, None, "")


def _rehearsal(tadh: Tadh, prepared: Prepared) -> dict[str, Any]:
    return {
        "DryRun": True,
        "Method": prepared.method,
        "Url": tadh.mask.text(tadh.client.url(prepared)),
        "Body": tadh.mask.document(tadh.provider.wrap(prepared.payload)),
    }


def _curl(tadh: Tadh, prepared: Prepared) -> str:
    """A curl command: the signature is masked, since it is good for 5 minutes for whoever has it."""
    parts = ["curl", "-X", prepared.method, tadh.mask.text(tadh.client.url(prepared))]
    for name, value in tadh.provider.headers.items():
        parts += ["-H", f"{name}: {value}"]
    body = tadh.client.body(prepared)
    if body is not None:
        parts += ["--data-binary", json.dumps(tadh.mask.document(json.loads(body)), ensure_ascii=False)]
    return shlex.join(parts)


def _raw(tadh: Tadh, prepared: Prepared) -> None:
    """The bytes of the answer, whatever they are; failures are raised all the same."""
    try:
        if prepared.operation is not None and prepared.operation.creates:
            tadh.tasks.submit(prepared)
        else:
            tadh.client.send(prepared)
    finally:
        sys.stdout.write(tadh.mask.values(tadh.client.last_answer.decode("utf-8", "replace")) + "\n")
        sys.stdout.flush()
