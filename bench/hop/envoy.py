"""Envoy's settings: a plain proxy of gRPC, with or without somebody to ask before each call."""

from typing import Optional

FILTERS = "type.googleapis.com/envoy.extensions.filters"
# Envoy's own bounds would show, and have nothing to do with what a call costs.
MANY = 1_000_000


def settings(port: int, model_port: int, authorizer_port: "Optional[int]" = None) -> dict:
    clusters, filters = [cluster("model", model_port)], []
    if authorizer_port:
        clusters.append(cluster("authorizer", authorizer_port))
        ask = {"envoy_grpc": {"cluster_name": "authorizer"}, "timeout": "5s"}
        filters.append(
            {
                "name": "ext_authz",
                "typed_config": {
                    "@type": f"{FILTERS}.http.ext_authz.v3.ExtAuthz",
                    "grpc_service": ask,
                    "transport_api_version": "V3",
                },
            }
        )
    filters.append({"name": "router", "typed_config": {"@type": f"{FILTERS}.http.router.v3.Router"}})
    return {"static_resources": {"listeners": [listener(port, filters)], "clusters": clusters}}


def listener(port: int, filters: "list[dict]") -> dict:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "model", "timeout": "0s"}}
    manager = {
        "@type": f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "codec_type": "HTTP2",
        "stream_idle_timeout": "0s",
        "http2_protocol_options": {"max_concurrent_streams": 65536},
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": filters,
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {"name": "callers", "address": address(port), "filter_chains": [chain]}


def cluster(name: str, port: int) -> dict:
    protocol = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {"max_concurrent_streams": 65536}},
    }
    bounds = {"max_connections": MANY, "max_pending_requests": MANY, "max_requests": MANY}
    endpoint = {"endpoint": {"address": address(port)}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol
        },
        "circuit_breakers": {"thresholds": [bounds]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
