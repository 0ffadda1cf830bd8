{{- define "api.component" -}}
{{- include "api.checks" .Values -}}
{{- include "lib.component" (dict
      "root" .
      "name" "api"
      "ports" (dict "grpc" 50051 "admin" 9401)
      "extra" (.Values.rollout.enabled | ternary (dict "hashLabel" "rollouts-pod-template-hash") (dict))
      "parts" (list
        "lib.part.process"
        "lib.part.serving"
        "lib.part.keys"
        "api.part.files"
        "api.part.routes"
        "lib.part.llm-inference"
        "lib.part.mcp"
        "lib.part.queue"
        "lib.part.accounts"
        "lib.part.objects"
        "api.part.callers"
        "lib.part.config"
        "lib.part.settings"
      )) -}}
{{- end -}}

{{/* What runs the pods: a Deployment, or a Rollout of Argo's for blue-green. */}}
{{- define "api.workload" -}}
{{- if .values.rollout.enabled -}}
{{- dict "component" . "kind" "Rollout" "apiVersion" "argoproj.io/v1alpha1" "strategy" (include "api.strategy.blue-green" .) | toJson -}}
{{- else -}}
{{- dict "component" . "strategy" (include "lib.strategy.surge" .) | toJson -}}
{{- end -}}
{{- end -}}

{{- define "api.checks" -}}
{{- if not (or .keys.hashes .keys.secret .identities) -}}
{{- include "lib.refuse" (list "keys" "nobody could call: give keys.hashes, keys.secret or identities") -}}
{{- end -}}
{{- end -}}

{{/* Callers' tokens and certificates, and limits: files in the words of the documentation. */}}
{{- define "api.part.files" -}}
env:
  {{- with .values.identities }}
  ONDOL_IDENTITIES_FILE: /etc/ondol/config/identities.toml
  {{- end }}
  {{- with .values.limits }}
  ONDOL_LIMITS_FILE: /etc/ondol/config/limits.toml
  {{- end }}
config:
  {{- with .values.identities }}
  identities.toml: {{ . | toJson }}
  {{- end }}
  {{- with .values.limits }}
  limits.toml: {{ . | toJson }}
  {{- end }}
{{- if .values.identities }}
egress:
  {{- include "lib.rule" (dict "direction" "to" "ports" (list 443) "peers" .values.networkPolicy.issuers) | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
Everybody, unless values name some: api knows whom it lets in. Those that call a preview are then let in beside them.
Load balancers ask for health on the admin port.
*/}}
{{- define "api.part.callers" -}}
{{- $peers := .values.networkPolicy.callers -}}
{{- if and $peers .values.rollout.enabled .values.rollout.analysis.traffic.image -}}
{{- $peers = append $peers (include "lib.peer" (printf "%s-traffic" .fullname) | fromYaml) -}}
{{- end -}}
ingress:
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.grpc) "peers" $peers) | nindent 2 }}
  {{- if eq .values.ingress.type "alb" }}
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.admin) "peers" .values.networkPolicy.loadBalancers) | nindent 2 }}
  {{- end }}
{{- end -}}
