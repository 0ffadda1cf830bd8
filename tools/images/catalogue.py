"""The images that we ship: targets of the Dockerfile."""

from typing import NamedTuple


class Image(NamedTuple):
    """`beside` are packages of tools/fetch whose files lie in the image, ONNX Runtime first."""

    name: str
    program: str
    beside: tuple[str, ...] = ()
    # Where the program serves; None where it serves nothing.
    grpc: "int | None" = None
    admin: "int | None" = None
    machines: tuple[str, ...] = ("x86_64", "aarch64")

    @property
    def tag(self) -> str:
        """What it is called on the machine that builds it."""
        return f"localhost/ondol/{self.name}"


CPU = ("onnxruntime",)
# What ONNX Runtime's CUDA provider is linked to or loads. Left out: cuFFT, which only Fourier transforms
# need.
CUDA = (
    "onnxruntime-gpu",
    "nvidia-cublas",
    "nvidia-cuda-nvrtc",
    "nvidia-cuda-runtime",
    "nvidia-cudnn-cu13",
    "nvidia-curand",
)

# What cuDNN is linked to besides, and the base has not: a library of Debian's, and the package that it is in.
ZLIB = ("libz.so.1", "zlib1g")

IMAGES = (
    Image("api", "api", grpc=50051, admin=9401),
    Image("llm-inference", "llm-inference", CPU, grpc=50052, admin=9402),
    Image("llm-inference-cuda", "llm-inference", CUDA, grpc=50052, admin=9402, machines=("x86_64",)),
    Image("mcp", "mcp", grpc=50053, admin=9404),
    Image("worker", "worker", admin=9403),
    Image("ondol", "ondol"),
)

PROGRAMS = tuple(dict.fromkeys(image.program for image in IMAGES))


def images_for(machine: str) -> list[Image]:
    return [image for image in IMAGES if machine in image.machines]
