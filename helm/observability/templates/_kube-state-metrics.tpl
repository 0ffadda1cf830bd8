{{- define "observability.kube-state-metrics" -}}
kind: Deployment
key: kubeStateMetrics
uid: 65534
token: true
ports:
  http: 8080
  telemetry: 8081
service: [http]
args:
  - --port=8080
  - --telemetry-port=8081
  - --resources={{ include "observability.kube-state-metrics.kinds" . | fromYaml | values | compact | join "," | splitList "," | sortAlpha | join "," }}
probes:
  # Not /livez, which asks whether the API server answers: that is no reason to start again.
  startup: {path: /healthz, port: http}
  live: {path: /healthz, port: http}
  ready: {path: /readyz, port: telemetry}
ingress:
  {{- include "observability.rule.scraped" (dict "root" . "ports" (list 8080)) | nindent 2 }}
egress:
  {{- include "observability.rule.dns" . | nindent 2 }}
  {{- include "observability.rule.kubernetes" . | nindent 2 }}
{{- end -}}

{{/* The kinds that it counts, by their API group: what it may list, and nothing else. No Secrets, no ConfigMaps. */}}
{{- define "observability.kube-state-metrics.kinds" -}}
"": nodes,persistentvolumeclaims,pods
apps: daemonsets,deployments,replicasets,statefulsets
autoscaling: horizontalpodautoscalers
policy: poddisruptionbudgets
{{- end -}}
