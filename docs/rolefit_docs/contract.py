"""The contract with its comments, which the stubs do not carry: read from the proto files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from rolefit.v1 import constraints_pb2

PACKAGE = "rolefit.v1"

# Numbers of the fields of descriptor.proto, of which the path to a comment is made.
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_MEMBERS, _NESTED_MESSAGES, _NESTED_ENUMS = 2, 3, 4

_SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in FieldDescriptorProto.Type.items()
}


@dataclass(frozen=True)
class Described:
    """Something with a name and a comment, which is a tuple of paragraphs."""

    name: str
    comment: tuple[str, ...]


@dataclass(frozen=True)
class Field(Described):
    """A field.

    Attributes:
        label: "repeated", "optional" or nothing.
        type: Its type; of the contract's own types without the package.
        limits: What it accepts, in words; empty if anything of the type.
    """

    label: str
    type: str
    limits: str


@dataclass(frozen=True)
class Message(Described):
    """A message."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class EnumValue(Described):
    """A value of an enum."""

    number: int


@dataclass(frozen=True)
class Enum(Described):
    """An enum."""

    values: tuple[EnumValue, ...]


@dataclass(frozen=True)
class Rpc(Described):
    """A method of a service, with the names of its messages."""

    request: str
    response: str


@dataclass(frozen=True)
class Service(Described):
    """A service."""

    rpcs: tuple[Rpc, ...]


@dataclass(frozen=True)
class ProtoFile:
    """What one file declares, in its order; `name` is without folder and suffix."""

    name: str
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]
    services: tuple[Service, ...]


def read_contract(proto_root: Path) -> tuple[ProtoFile, ...]:
    """Every file of the contract.

    Args:
        proto_root: The folder that holds `rolefit/v1`.

    Raises:
        RuntimeError: The compiler refuses the files; the text is what it says.
    """
    sources = sorted(proto_root.glob("rolefit/v1/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "descriptors"
        command = [
            *(sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={proto_root}"),
            *("--include_source_info", f"--descriptor_set_out={target}"),
            *map(str, sources),
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise RuntimeError(f"the contract does not compile: {result.stderr.strip()}")
        files = FileDescriptorSet.FromString(target.read_bytes()).file
    return tuple(_Reader(file).read() for file in files)


class _Reader:
    def __init__(self, file: FileDescriptorProto):
        self._file = file
        self._comments = {
            tuple(location.path): location.leading_comments
            for location in file.source_code_info.location
        }

    def read(self) -> ProtoFile:
        file = self._file
        messages = [
            found
            for index, message in enumerate(file.message_type)
            for found in self._messages(message, (_MESSAGES, index), "")
        ]
        enums = [
            self._enum(enum, (_ENUMS, index), "") for index, enum in enumerate(file.enum_type)
        ]
        return ProtoFile(
            name=Path(file.name).stem,
            messages=tuple(found for found in messages if isinstance(found, Message)),
            enums=(*enums, *(found for found in messages if isinstance(found, Enum))),
            services=tuple(
                self._service(service, (_SERVICES, index))
                for index, service in enumerate(file.service)
            ),
        )

    def _comment(self, path: Sequence[int]) -> tuple[str, ...]:
        lines = (line.strip() for line in self._comments.get(tuple(path), "").split("\n"))
        paragraphs = "\n".join(lines).split("\n\n")
        return tuple(" ".join(text.split()) for text in paragraphs if text.strip())

    def _messages(
        self, message: DescriptorProto, path: tuple[int, ...], outer: str
    ) -> Iterator[Message | Enum]:
        """The message and those inside it."""
        name = f"{outer}{message.name}"
        fields = tuple(
            self._field(field, (*path, _MEMBERS, index))
            for index, field in enumerate(message.field)
        )
        yield Message(name, self._comment(path), fields)
        for index, inner in enumerate(message.nested_type):
            if not inner.options.map_entry:
                yield from self._messages(inner, (*path, _NESTED_MESSAGES, index), f"{name}.")
        for index, enum in enumerate(message.enum_type):
            yield self._enum(enum, (*path, _NESTED_ENUMS, index), f"{name}.")

    def _field(self, field: FieldDescriptorProto, path: tuple[int, ...]) -> Field:
        repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
        return Field(
            name=field.name,
            comment=self._comment(path),
            label="repeated" if repeated else "optional" if field.proto3_optional else "",
            type=_short(field.type_name) if field.type_name else _SCALARS[field.type],
            limits=_limits(field.options.Extensions[constraints_pb2.constraint]),
        )

    def _enum(self, enum: EnumDescriptorProto, path: tuple[int, ...], outer: str) -> Enum:
        values = tuple(
            EnumValue(value.name, self._comment((*path, _MEMBERS, index)), value.number)
            for index, value in enumerate(enum.value)
        )
        return Enum(f"{outer}{enum.name}", self._comment(path), values)

    def _service(self, service: ServiceDescriptorProto, path: tuple[int, ...]) -> Service:
        rpcs = tuple(
            Rpc(
                rpc.name,
                self._comment((*path, _MEMBERS, index)),
                _short(rpc.input_type),
                _short(rpc.output_type),
            )
            for index, rpc in enumerate(service.method)
        )
        return Service(service.name, self._comment(path), rpcs)


def _short(type_name: str) -> str:
    return type_name.removeprefix(".").removeprefix(f"{PACKAGE}.")


def _limits(constraint: constraints_pb2.Constraint) -> str:
    if constraint.expected:
        return constraint.expected
    least = f"{constraint.min:g}" if constraint.HasField("min") else ""
    most = f"{constraint.max:g}" if constraint.HasField("max") else ""
    if least and most:
        return f"from {least} to {most}"
    if least or most:
        return f"at least {least}" if least else f"at most {most}"
    return f"text that matches {constraint.pattern}" if constraint.pattern else ""
