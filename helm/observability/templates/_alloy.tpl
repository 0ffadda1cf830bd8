{{- define "observability.alloy" -}}
{{- $own := .Values.alloy -}}
{{- $policy := .Values.networkPolicy -}}
{{- $senders := include "observability.watched" . | fromYamlArray -}}
{{- if not (or .Values.loki.enabled $own.traces.url) -}}
{{- include "lib.refuse" (list "alloy.enabled" "it would have nowhere to send anything: Loki is not there, and alloy.traces.url is empty") -}}
{{- end -}}
kind: DaemonSet
key: alloy
agent: true
root: The kubelet lets only root read the logs of pods.
ports:
  http: 12345
  {{- if $own.traces.url }}
  otlp-grpc: 4317
  otlp-http: 4318
  {{- end }}
{{- if $own.traces.url }}
service: [otlp-grpc, otlp-http]
{{- end }}
args:
  - run
  - /etc/alloy/config.alloy
  - --storage.path=/var/lib/alloy
  - --server.http.listen-addr=0.0.0.0:12345
  - --disable-reporting
config:
  config.alloy: {{ include "observability.alloy.config" . | toJson }}
volumes:
  logs:
    hostPath:
      path: /var/log/pods
      type: Directory
mounts:
  /etc/alloy: config
  /var/log/pods: logs
  # How far it has read. With the pod that is gone: Loki keeps only once what it is sent again.
  /var/lib/alloy: scratch
probes:
  startup: {path: /-/ready, port: http}
  live: {path: /-/healthy, port: http}
  ready: {path: /-/ready, port: http}
scrape: http
ingress:
  {{- include "observability.rule.scraped" (dict "root" . "ports" (list 12345)) | nindent 2 }}
  {{- if $own.traces.url }}
  {{- include "observability.rule" (dict "root" . "direction" "from" "ports" (list 4317 4318) "peers" $senders) | nindent 2 }}
  {{- end }}
egress:
  {{- include "observability.rule.dns" . | nindent 2 }}
  {{- include "observability.rule" (dict "root" . "direction" "to" "ports" (list 3100) "components" (.Values.loki.enabled | ternary (list "loki") list)) | nindent 2 }}
  {{- with $own.traces.url }}
  {{- include "observability.rule" (dict "root" $ "direction" "to" "ports" (list (include "lib.port" .)) "peers" $policy.traces) | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
A line of a pod's file is what the container runtime writes before it, and then what the program wrote: of Ondol a JSON
object. Who wrote it is in the file's path, so nothing has to be asked of Kubernetes. What has few values becomes a label;
what identifies a request, or a pod, never does.
*/}}
{{- define "observability.alloy.config" -}}
logging {
  level  = "warn"
  format = "json"
}
{{- if .Values.loki.enabled }}

local.file_match "pods" {
  path_targets = [
    {{- range include "observability.namespaces" . | fromJsonArray }}
    {__path__ = {{ printf "/var/log/pods/%s_*/*/*.log" . | toJson }}},
    {{- end }}
  ]
}

loki.source.file "pods" {
  targets    = local.file_match.pods.targets
  forward_to = [loki.process.pods.receiver]
}

loki.process "pods" {
  stage.cri { }

  stage.regex {
    source     = "filename"
    expression = "^/var/log/pods/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_[^/]+/(?P<container>[^/]+)/"
  }

  stage.json {
    expressions = {
      level    = "level",
      req_id   = "req_id",
      trace_id = "trace_id",
      span_id  = "span_id",
    }
  }

  stage.labels {
    values = {
      namespace = "",
      container = "",
      level     = "",
    }
  }

  stage.structured_metadata {
    values = {
      pod      = "",
      req_id   = "",
      trace_id = "",
      span_id  = "",
    }
  }

  stage.label_keep {
    values = ["namespace", "container", "level", "stream"]
  }

  forward_to = [loki.write.loki.receiver]
}

loki.write "loki" {
  endpoint {
    url = {{ printf "http://%s:3100/loki/api/v1/push" (include "observability.host" (dict "root" . "name" "loki")) | toJson }}
  }
  {{- with .Values.cluster }}

  external_labels = {
    cluster = {{ . | toJson }},
  }
  {{- end }}
}
{{- end }}
{{- with .Values.alloy.traces.url }}

otelcol.receiver.otlp "spans" {
  grpc {
    endpoint = "0.0.0.0:4317"
  }

  http {
    endpoint = "0.0.0.0:4318"
  }

  output {
    traces = [otelcol.processor.batch.spans.input]
  }
}

otelcol.processor.batch "spans" {
  output {
    traces = [otelcol.exporter.otlp.spans.input]
  }
}

otelcol.exporter.otlp "spans" {
  client {
    endpoint = {{ printf "%s:%s" (splitList ":" (urlParse .).host | first) (include "lib.port" .) | toJson }}

    tls {
      insecure = {{ hasPrefix "http://" . }}
    }
  }
}
{{- end }}
{{- end -}}
