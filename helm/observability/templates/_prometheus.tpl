{{/* Rules are files of this chart: every file in files/rules. */}}
{{- define "observability.prometheus" -}}
{{- $own := .Values.prometheus -}}
{{- $policy := .Values.networkPolicy -}}
{{- $watched := include "observability.watched" . | fromYamlArray -}}
kind: StatefulSet
key: prometheus
uid: 65534
token: true
ports:
  http: 9090
service: [http]
args:
  - --config.file=/etc/prometheus/prometheus.yml
  - --storage.tsdb.path=/prometheus
  {{- with $own.externalUrl }}
  - {{ printf "--web.external-url=%s" . | quote }}
  # Its own paths stay where probes, Grafana and others look for them.
  - --web.route-prefix=/
  {{- end }}
  - --enable-feature=exemplar-storage
config:
  prometheus.yml: {{ include "observability.prometheus.config" . | toJson }}
  {{- range $path, $content := .Files.Glob "files/rules/*.rules.yaml" }}
  {{ base $path }}: {{ $content | toString | toJson }}
  {{- end }}
mounts:
  /etc/prometheus: config
  /prometheus: data
probes:
  startup: {path: /-/ready, port: http}
  live: {path: /-/healthy, port: http}
  ready: {path: /-/ready, port: http}
scrape: http
ingress:
  {{- include "observability.rule" (dict "root" . "direction" "from" "ports" (list 9090) "components" (list "prometheus" "grafana") "peers" $policy.prometheusClients) | nindent 2 }}
egress:
  {{- include "observability.rule.dns" . | nindent 2 }}
  {{- include "observability.rule.kubernetes" . | nindent 2 }}
  {{- include "observability.rule" (dict "root" . "direction" "to" "ports" $policy.scrapePorts "peers" $watched) | nindent 2 }}
  {{- range $name, $port := include "observability.scraped" . | fromJson }}
  {{- include "observability.rule" (dict "root" $ "direction" "to" "ports" (list $port) "components" (list $name)) | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* What Prometheus reads besides Ondol, and at which port, as JSON: what of it is there. */}}
{{- define "observability.scraped" -}}
{{- $ports := dict "prometheus" 9090 -}}
{{- range $name, $of := dict "alertmanager" (list "alertmanager" 9093) "loki" (list "loki" 3100) "alloy" (list "alloy" 12345) "grafana" (list "grafana" 3000) "kube-state-metrics" (list "kubeStateMetrics" 8080) "node-exporter" (list "nodeExporter" 9100) "dcgm-exporter" (list "dcgmExporter" 9400) -}}
{{- if (get $.Values (index $of 0)).enabled }}{{ $_ := set $ports $name (index $of 1) }}{{ end -}}
{{- end -}}
{{- if .Values.redisExporter.url }}{{ $_ := set $ports "redis-exporter" 9121 }}{{ end -}}
{{- $ports | toJson -}}
{{- end -}}
