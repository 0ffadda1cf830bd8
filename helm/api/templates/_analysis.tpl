{{/* The time in which 95 of 100 calls to the new version were done, in seconds. */}}
{{- define "api.analysis.p95" -}}
{{- $calls := compact (list (include "api.analysis.calls" .) .values.rollout.analysis.calls) | join "," -}}
histogram_quantile(0.95, sum by (le) (rate(rpc_server_call_duration_seconds_bucket{ {{- $calls -}} }[2m])))
{{- end -}}

{{/* The share of calls to the new version that failed by no fault of their callers'. */}}
{{- define "api.analysis.errors" -}}
{{- $calls := include "api.analysis.calls" . -}}
{{- $ours := "rpc_response_status_code=~\"UNKNOWN|INTERNAL|UNAVAILABLE|DATA_LOSS|DEADLINE_EXCEEDED\"" -}}
{{- $count := "sum(rate(rpc_server_call_duration_seconds_count{%s}[2m]))" -}}
({{ printf $count (printf "%s,%s" $calls $ours) }} or vector(0)) / {{ printf $count $calls }}
{{- end -}}

{{/* The pods of the new version, by the namespace and the hash in their names. */}}
{{- define "api.analysis.calls" -}}
namespace="{{ .namespace }}",pod=~"{{ "{{args.pods}}-{{args.hash}}" }}-.*",rpc_service!="grpc.health.v1.Health"
{{- end -}}

{{/* The first look waits until rates have something to stand on. */}}
{{- define "api.analysis.pace" -}}
initialDelay: {{ .initialDelay }}
interval: {{ .interval }}
count: {{ .count }}
failureLimit: {{ .failureLimit }}
{{- end -}}

{{- define "api.analysis.traffic" -}}
{{- $traffic := .values.rollout.analysis.traffic -}}
metadata:
  labels:
    app.kubernetes.io/name: "{{ .fullname }}-traffic"
    app.kubernetes.io/part-of: ondol
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: traffic
      image: {{ $traffic.image | quote }}
      {{- with $traffic.args }}
      args: {{ toJson . }}
      {{- end }}
      env:
        - name: ONDOL_SERVER
          value: http://{{ .fullname }}-preview:{{ .ports.grpc }}
        {{- with $traffic.apiKey.secret }}
        - name: ONDOL_API_KEY
          valueFrom:
            secretKeyRef:
              name: {{ . | quote }}
              key: {{ $traffic.apiKey.key | quote }}
        {{- end }}
      resources:
        requests:
          cpu: 100m
          memory: 64Mi
        limits:
          memory: 256Mi
      securityContext:
        {{- include "lib.container.security" . | nindent 8 }}
{{- end -}}
