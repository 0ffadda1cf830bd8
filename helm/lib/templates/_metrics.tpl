{{/* A PodMonitor rather than a ServiceMonitor: workers have no Service, and a preview's pods have to be seen as well. */}}
{{- define "lib.pod-monitor" -}}
{{- with .values.metrics.podMonitor -}}
{{- if .enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ $.fullname | quote }}
  namespace: {{ $.namespace | quote }}
  labels:
    {{- merge (dict) .labels $.labels | toYaml | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- toYaml $.selector | nindent 6 }}
  podMetricsEndpoints:
    - port: admin
      path: /metrics
      interval: {{ .interval }}
{{- end -}}
{{- end -}}
{{- end -}}
