"""The control plane: what is started with which flags. As kubeadm starts it, but on ports of the loopback
interface, and with a store that may lose what it was told."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from certificates import Authority, signing_key
from ports import free
from programs import named

# Addresses of services, which nothing routes; the first one is the API server's own.
SERVICES = "10.96.0.0/16"
FIRST = "10.96.0.1"
PODS = "10.244.0.1/16"
# One of the addresses that are for documentation: a server may not advertise the loopback interface.
ADVERTISED = "192.0.2.1"
# What kwok makes of nodes and pods.
STAGES = Path(__file__).resolve().parent / "stages.yaml"


class Keys:
    """Who may speak to whom."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder, "ca")
        self.front = Authority(folder, "front-proxy")
        self.accounts = signing_key(folder)
        names = ("IP:127.0.0.1", f"IP:{FIRST}", "DNS:localhost", "DNS:kubernetes.default.svc")
        self.server = self.authority.signed("server", "kube-apiserver", names=names)
        self.proxy = self.front.signed("proxy", "front-proxy-client")


class Ports(NamedTuple):
    etcd: int
    peers: int
    server: int
    manager: int
    scheduler: int
    kwok: int


class Control:
    """The commands of the parts, and who speaks as whom."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = Keys(self.folder)
        self.ports = Ports(*free(len(Ports._fields)))
        self.url = f"https://127.0.0.1:{self.ports.server}"

    def kubeconfig(self, user: str, group: str = "") -> Path:
        """A file by which a program speaks as that user."""
        name = user.rpartition(":")[2]
        made = self.keys.authority.signed(f"user-{name}", user, group)
        cluster = {"server": self.url, "certificate-authority": str(self.keys.authority.own.file)}
        whole: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [
                {
                    "name": name,
                    "user": {"client-certificate": str(made.file), "client-key": str(made.key)},
                }
            ],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
            "current-context": "test",
        }
        file = self.folder / f"{name}.kubeconfig"
        file.write_text(json.dumps(whole), encoding="utf-8")
        return file

    def etcd(self) -> "list[str]":
        clients, peers = (f"http://127.0.0.1:{port}" for port in (self.ports.etcd, self.ports.peers))
        return [
            str(named("etcd")),
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
        ]

    def server(self) -> "list[str]":
        """All that is on by default is on: admission, Pod Security and the quota among them."""
        keys, front = self.keys, self.keys.front.own.file
        return [
            str(named("kube-apiserver")),
            f"--etcd-servers=http://127.0.0.1:{self.ports.etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.ports.server}",
            f"--advertise-address={ADVERTISED}",
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={SERVICES}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--client-ca-file={keys.authority.own.file}",
            f"--tls-cert-file={keys.server.file}",
            f"--tls-private-key-file={keys.server.key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys.accounts.file}",
            f"--service-account-signing-key-file={keys.accounts.key}",
            f"--requestheader-client-ca-file={front}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={keys.proxy.file}",
            f"--proxy-client-key-file={keys.proxy.key}",
        ]

    def manager(self) -> "list[str]":
        """The autoscaler looks every 5 s rather than every 15 s; nothing else differs from a real cluster."""
        who = self.kubeconfig("system:kube-controller-manager")
        own = self.keys.authority.own
        return [
            str(named("kube-controller-manager")),
            *self.of_component(who, self.ports.manager),
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={self.keys.accounts.key}",
            f"--root-ca-file={own.file}",
            f"--cluster-signing-cert-file={own.file}",
            f"--cluster-signing-key-file={own.key}",
            "--horizontal-pod-autoscaler-sync-period=5s",
        ]

    def scheduler(self) -> "list[str]":
        who = self.kubeconfig("system:kube-scheduler")
        return [str(named("kube-scheduler")), *self.of_component(who, self.ports.scheduler)]

    def kwok(self) -> "list[str]":
        """It plays the kubelet of every node: pods that are bound become Ready, and deleted ones go."""
        return [
            str(named("kwok")),
            f"--kubeconfig={self.kubeconfig('kwok', 'system:masters')}",
            f"--config={STAGES}",
            "--manage-all-nodes=true",
            f"--cidr={PODS}",
            "--node-ip=192.0.2.2",
            "--node-lease-duration-seconds=40",
            f"--server-address=127.0.0.1:{self.ports.kwok}",
        ]

    def of_component(self, kubeconfig: Path, port: int) -> "list[str]":
        same = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
        return [
            *(f"--{flag}={kubeconfig}" for flag in same),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            "--leader-elect=false",
        ]
