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
    app.kubernetes.io/name: {{ .fullname }}-traffic
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
      image: {{ $traffic.image }}
      {{- with $traffic.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      env:
        - name: ONDOL_SERVER
          value: http://{{ .fullname }}-preview:{{ .ports.grpc }}
        {{- with $traffic.apiKey.secret }}
        - name: ONDOL_API_KEY
          valueFrom:
            secretKeyRef:
              name: {{ . }}
              key: {{ $traffic.apiKey.key }}
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
