{{/* Nothing reaches the pods, and they reach nothing, but for what the parts of the component say. */}}
{{- define "lib.network-policy" -}}
{{- if .values.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "lib.metadata" (dict "component" .) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- toYaml .selector | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  ingress:
    {{- concat .ingress .values.networkPolicy.extraIngress | default list | toYaml | nindent 4 }}
  egress:
    {{- concat .egress .values.networkPolicy.extraEgress | default list | toYaml | nindent 4 }}
{{- end -}}
{{- end -}}

{{/* Pods of a service of Ondol in the same namespace, of any release. */}}
{{- define "lib.peer" -}}
podSelector:
  matchLabels:
    app.kubernetes.io/name: {{ . }}
    app.kubernetes.io/part-of: ondol
{{- end -}}

{{/*
The same where `url` leads: to another namespace by a host that names one, as SERVICE.NAMESPACE or with `.svc` behind
it.
*/}}
{{- define "lib.peer.at" -}}
{{- $host := (urlParse .url).host | splitList ":" | first -}}
{{- if regexMatch "^[^.]+\\.[^.]+(\\.svc(\\..*)?)?$" $host -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ index (splitList "." $host) 1 | quote }}
{{ end -}}
{{- include "lib.peer" .name -}}
{{- end -}}

{{/*
A list of rules with one rule: `peers` at `ports`. Without peers there is none, for what Kubernetes reads in an empty list
is everybody: only with `everybody` is that meant.
*/}}
{{- define "lib.rule" -}}
{{- if or .peers .everybody -}}
- ports:
    {{- range .ports }}
    - port: {{ . }}
      protocol: {{ $.protocol | default "TCP" }}
    {{- end }}
  {{- with .peers }}
  {{ $.direction }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}
