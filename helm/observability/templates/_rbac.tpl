{{/* Prometheus looks for pods in these namespaces: it may do so in each of them, and nothing else anywhere. */}}
{{- define "observability.rbac.prometheus" -}}
{{- $account := include "observability.component" (dict "root" . "name" "prometheus") | fromJson -}}
{{- range $namespace := include "observability.namespaces" . | fromJsonArray }}
{{- $there := merge (dict "namespace" $namespace) $account }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- include "lib.metadata" (dict "component" $there) | nindent 2 }}
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "lib.metadata" (dict "component" $there) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $account.fullname | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ $account.fullname | quote }}
    namespace: {{ $account.namespace | quote }}
{{- end }}
{{- end -}}

{{/* What kube-state-metrics counts is of all namespaces; so what it may do is as well. It reads, and nothing secret. */}}
{{- define "observability.rbac.kube-state-metrics" -}}
{{- $account := include "observability.component" (dict "root" . "name" "kube-state-metrics") | fromJson -}}
{{- $name := printf "%s-%s" $account.namespace $account.fullname -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name | quote }}
  labels:
    {{- toYaml $account.labels | nindent 4 }}
rules:
  {{- range $group, $kinds := include "observability.kube-state-metrics.kinds" . | fromYaml }}
  - apiGroups: [{{ $group | quote }}]
    resources: [{{ splitList "," $kinds | join ", " }}]
    verbs: [list, watch]
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name | quote }}
  labels:
    {{- toYaml $account.labels | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ $account.fullname | quote }}
    namespace: {{ $account.namespace | quote }}
{{- end -}}
