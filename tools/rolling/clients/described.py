"""Services by gRPC that are learnt by reflection: messages are dictionaries, as in JSON."""

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from calls import stated

PATIENCE = 120


def described(address: str, *services: str) -> dict:
    """What the server says of its services."""
    with grpc.insecure_channel(address) as asking:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(asking))
        return {name.rpartition(".")[2]: pool.FindServiceByName(name) for name in services}


class Services:
    def __init__(self, channel: grpc.aio.Channel, services: dict, key: str) -> None:
        self.channel, self.services = channel, services
        self.extras = {"metadata": (("authorization", f"Bearer {key}"),), "timeout": PATIENCE}

    def call(self, path: str, request: dict):
        """Begins a call of `Service/Method`."""
        service, _, name = path.partition("/")
        method = self.services[service].FindMethodByName(name)
        message = ParseDict(request, GetMessageClass(method.input_type)())
        make = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        answer = GetMessageClass(method.output_type)
        call = make(
            f"/{self.services[service].full_name}/{name}",
            request_serializer=type(message).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return call(message, **self.extras)

    async def unary(self, path: str, request: dict) -> dict:
        return MessageToDict(await self.call(path, request))

    async def streamed(self, path: str, request: dict):
        async for message in self.call(path, request):
            yield MessageToDict(message)


def describe(failure: Exception) -> str:
    status = failure.code().name if isinstance(failure, grpc.RpcError) else None
    told = Exception(failure.details()) if isinstance(failure, grpc.RpcError) else failure
    return stated(told, status)


def reason(failure: grpc.aio.AioRpcError, word: str) -> bool:
    """Whether an ErrorInfo of the failure has this reason. It is written there as it is."""
    details = failure.trailing_metadata() or ()
    return any(key == "grpc-status-details-bin" and word.encode() in value for key, value in tuple(details))
