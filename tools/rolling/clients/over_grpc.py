"""Calls by gRPC with grpcio, which learns the methods by reflection.

load.py starts it with grpcio in its path:

over_grpc.py ADDRESS KEY MODEL RATE STREAMS TOKENS REST
"""

import asyncio
import sys

import grpc
from google.protobuf.message_factory import GetMessageClass

from calls import Calls, CutShort, Heard
from described import PATIENCE, describe, described

SERVICE = "ondol.inference.v1.InferenceService"
PROMPT = "Once upon a time"


class Inference:
    """The service by its descriptor."""

    def __init__(self, channel: grpc.aio.Channel, service, key: str, model: str) -> None:
        self.channel, self.service = channel, service
        self.extras = {"metadata": (("authorization", f"Bearer {key}"),), "timeout": PATIENCE}
        self.model = model

    def method(self, name: str, **fields):
        """The method, and a request of it."""
        method = self.service.FindMethodByName(name)
        request = GetMessageClass(method.input_type)(model=self.model, prompt=PROMPT, **fields)
        make = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        answer = GetMessageClass(method.output_type)
        call = make(
            f"/{SERVICE}/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return lambda: call(request, **self.extras)

    def unary(self, name: str, **fields):
        call = self.method(name, **fields)

        async def make(heard: Heard) -> None:
            await call()
            heard.now()

        return make

    def streamed(self, name: str, **fields):
        call = self.method(name, **fields)

        async def make(heard: Heard) -> None:
            event = None
            async for answer in call():
                heard.now()
                event = answer.WhichOneof("event")
            if event != "finished":
                raise CutShort(f"OK, and the last event was {event}")

        return make


async def main(address: str, key: str, model: str, rate: str, streams: str, tokens: str, rest: str) -> None:
    (service,) = described(address, SERVICE).values()
    calls, pause = Calls(describe), float(rest)
    ends = {"max_tokens": int(tokens)}
    async with grpc.aio.insecure_channel(address) as channel:
        inference = Inference(channel, service, key, model)
        stream = inference.streamed("StreamGenerateText", **ends)
        await asyncio.gather(
            calls.evenly("CountTokens, gRPC", float(rate), inference.unary("CountTokens")),
            calls.one_by_one(
                "GenerateText, gRPC", inference.unary("GenerateText", max_tokens=8), pause=max(0.1, pause)
            ),
            *(calls.one_by_one("StreamGenerateText, gRPC", stream, pause=pause) for _ in range(int(streams))),
        )


asyncio.run(main(*sys.argv[1:]))
