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
        "lib.part.identities"
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
{{- if and (eq .ingress.type "alb") .networkPolicy.enabled (not .networkPolicy.loadBalancers) -}}
{{- include "lib.refuse" (list "networkPolicy.loadBalancers" "needed with alb, whose load balancer asks the admin port for health: that port is not opened to everybody") -}}
{{- end -}}
{{- end -}}

{{/* Limits: a file in the words of the documentation. */}}
{{- define "api.part.files" -}}
{{- with .values.limits -}}
env:
  ONDOL_LIMITS_FILE: /etc/ondol/config/limits.toml
config:
  limits.toml: {{ . | toJson }}
{{- end -}}
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
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.grpc) "peers" $peers "everybody" true) | nindent 2 }}
  {{- if eq .values.ingress.type "alb" }}
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.admin) "peers" .values.networkPolicy.loadBalancers) | nindent 2 }}
  {{- end }}
  {{- if and $peers (ne .values.ingress.type "none") }}
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.grpc) "peers" .values.networkPolicy.loadBalancers) | nindent 2 }}
  {{- end }}
{{- end -}}
