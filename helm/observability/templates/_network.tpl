{{- define "observability.network-policy" -}}
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
    {{- .ingress | default list | toYaml | nindent 4 }}
  egress:
    {{- .egress | default list | toYaml | nindent 4 }}
{{- end -}}

{{/* Pods of another component, wherever they are: a list with one peer. */}}
{{- define "observability.peer" -}}
{{- $agent := has .name (list "alloy" "node-exporter" "dcgm-exporter") -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ include "observability.namespace" (dict "root" .root "agent" $agent) | quote }}
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
      app.kubernetes.io/part-of: ondol
{{- end -}}

{{/* Where Ondol is: the namespaces that are watched, or this one where it is itself in it. */}}
{{- define "observability.watched" -}}
{{- range .Values.namespaces | default (list .Release.Namespace) }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* A list with one rule: these components, and peers from values, at ports. Nothing where there is neither. */}}
{{- define "observability.rule" -}}
{{- $peers := .peers | default list -}}
{{- range .components -}}
{{- $peers = concat $peers (include "observability.peer" (dict "root" $.root "name" .) | fromYamlArray) -}}
{{- end -}}
{{- if $peers -}}
{{ include "lib.rule" (dict "direction" .direction "ports" .ports "protocol" .protocol "peers" $peers) }}
{{- end -}}
{{- end -}}

{{/* Prometheus reads its metrics. */}}
{{- define "observability.rule.scraped" -}}
{{- include "observability.rule" (dict "root" .root "direction" "from" "ports" .ports "components" (list "prometheus")) -}}
{{- end -}}

{{- define "observability.rule.dns" -}}
{{- range $protocol := list "UDP" "TCP" }}
{{ include "observability.rule" (dict "root" $ "direction" "to" "ports" (list 53) "protocol" $protocol "peers" $.Values.networkPolicy.dns) }}
{{- end }}
{{- end -}}

{{/* The API server. */}}
{{- define "observability.rule.kubernetes" -}}
{{ include "observability.rule" (dict "root" . "direction" "to" "ports" (list 443 6443) "peers" .Values.networkPolicy.apiServer) }}
{{- end -}}
