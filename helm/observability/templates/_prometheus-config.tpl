{{/*
Every pod says by its annotations whether and where it is read. What says which pod it is becomes the labels namespace,
pod, node, service and release; `pod` has the names that autoscaling and the judging of versions look for.
*/}}
{{- define "observability.prometheus.config" -}}
{{- $own := .Values.prometheus -}}
{{- $p95 := printf "%s_(bucket|count|sum)" $own.p95.metric -}}
global:
  scrape_interval: {{ $own.interval }}
  evaluation_interval: {{ $own.interval }}
  {{- with .Values.cluster }}
  external_labels:
    cluster: {{ . | quote }}
  {{- end }}
storage:
  tsdb:
    retention:
      time: {{ $own.retention.time }}
      {{- with $own.retention.size }}
      size: {{ . }}
      {{- end }}
  exemplars:
    max_exemplars: 100000
rule_files:
  - /etc/prometheus/*.rules.yaml
{{- if .Values.alertmanager.enabled }}
alerting:
  alertmanagers:
    - dns_sd_configs:
        # All replicas: they sort out among each other who tells.
        - names:
            - {{ include "observability.host" (dict "root" . "name" "alertmanager") }}
          type: A
          port: 9093
{{- end }}
scrape_configs:
  - job_name: pods
    kubernetes_sd_configs:
      {{- include "observability.prometheus.pods" (include "observability.namespaces" . | fromJsonArray) | nindent 6 }}
    relabel_configs:
      {{- include "observability.prometheus.annotated" . | nindent 6 }}
    metric_relabel_configs:
      # The next job reads these, and more often.
      - source_labels: [__name__, service]
        regex: {{ printf "%s;(%s)" $p95 (include "observability.services" .) | quote }}
        action: drop
  - job_name: pods-p95
    scrape_interval: {{ $own.p95.interval }}
    kubernetes_sd_configs:
      {{- include "observability.prometheus.pods" (include "observability.namespaces" . | fromJsonArray) | nindent 6 }}
    relabel_configs:
      {{- include "observability.prometheus.annotated" . | nindent 6 }}
      - source_labels: [service]
        regex: {{ include "observability.services" . | quote }}
        action: keep
    metric_relabel_configs:
      - source_labels: [__name__]
        regex: {{ $p95 | quote }}
        action: keep
  {{- if .Values.kubeStateMetrics.enabled }}
  - job_name: kube-state-metrics
    # What it says of a pod is of that pod, not of its own.
    honor_labels: true
    static_configs:
      - targets:
          - {{ include "observability.host" (dict "root" . "name" "kube-state-metrics") }}:8080
  {{- end }}
  {{- if .Values.dcgmExporter.enabled }}
  - job_name: dcgm-exporter
    # `pod` and `namespace` are those of the pod that has the GPU.
    honor_labels: true
    kubernetes_sd_configs:
      {{- include "observability.prometheus.pods" (list (include "observability.namespace" (dict "root" . "agent" true))) | nindent 6 }}
    relabel_configs:
      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name, __meta_kubernetes_pod_container_port_name]
        regex: dcgm-exporter;http
        action: keep
      - source_labels: [__meta_kubernetes_pod_node_name]
        target_label: node
  {{- end }}
{{- end -}}

{{/* The services of Ondol. */}}
{{- define "observability.services" -}}
api|llm-inference|mcp|worker
{{- end -}}

{{- define "observability.prometheus.pods" -}}
- role: pod
  namespaces:
    names:
      {{- range . }}
      - {{ . | quote }}
      {{- end }}
{{- end -}}

{{- define "observability.prometheus.annotated" -}}
- source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]
  regex: "true"
  action: keep
# Of the ports of a pod, the one that its annotation names.
- source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_port]
  target_label: __meta_kubernetes_pod_container_port_number
  action: keepequal
- source_labels: [__meta_kubernetes_pod_phase]
  regex: Succeeded|Failed
  action: drop
- source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path]
  regex: (.+)
  target_label: __metrics_path__
- source_labels: [__meta_kubernetes_namespace]
  target_label: namespace
- source_labels: [__meta_kubernetes_pod_name]
  target_label: pod
- source_labels: [__meta_kubernetes_pod_node_name]
  target_label: node
- source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
  target_label: service
- source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_instance]
  target_label: release
{{- end -}}
