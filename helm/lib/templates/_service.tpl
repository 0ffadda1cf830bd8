{{/*
The one port that callers use. A headless Service has the addresses of all pods, among which api balances by itself:
behind one address gRPC would stay on one pod. `kubernetes.io/h2c` tells gateways that HTTP/2 is spoken without TLS.

A Service that a controller leads from pods to pods (`led`) says nothing of whom it selects. A selector is one field to
the API server: whoever applied the chart's would take away the controller's, or be refused.
*/}}
{{- define "lib.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "lib.metadata" . | nindent 2 }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- else }}
  type: ClusterIP
  {{- end }}
  {{- if not .led }}
  selector:
    {{- toYaml .component.selector | nindent 4 }}
  {{- end }}
  ports:
    - name: grpc
      port: {{ .component.ports.grpc }}
      targetPort: grpc
      {{- if not .component.values.tls.secret }}
      appProtocol: kubernetes.io/h2c
      {{- end }}
{{- end -}}

{{- define "lib.service-account" -}}
{{- with .values.serviceAccount -}}
{{- if .create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "lib.service-account.name" $ | quote }}
  namespace: {{ $.namespace | quote }}
  labels:
    {{- toYaml $.labels | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- include "lib.texts" . | trim | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "lib.service-account.name" -}}
{{- with .values.serviceAccount -}}
{{- if and (not .create) (not .name) -}}
{{- include "lib.refuse" (list "serviceAccount.name" "needed where `create` is false; `default` is one that each namespace has") -}}
{{- end -}}
{{- .name | default $.fullname -}}
{{- end -}}
{{- end -}}

{{/* Files from values. A pod that has read them is replaced when they change: its template has their checksum. */}}
{{- define "lib.config" -}}
{{- with .config -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "lib.metadata" (dict "component" $) | nindent 2 }}
data:
  {{- range $file, $content := . }}
  {{ $file | toJson }}: {{ $content | toJson }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* One pod at a time leaves for the sake of a node. A minimum would keep a node for ever where there is one pod. */}}
{{- define "lib.disruption-budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "lib.metadata" (dict "component" .) | nindent 2 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  # Pods that do not work protect nobody.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- toYaml .selector | nindent 6 }}
{{- end -}}
