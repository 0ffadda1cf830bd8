{{- define "mcp.component" -}}
{{- include "mcp.checks" .Values -}}
{{- include "lib.component" (dict
      "root" .
      "name" "mcp"
      "ports" (dict "grpc" 50053 "admin" 9404)
      "parts" (list
        "lib.part.process"
        "lib.part.serving"
        "lib.part.keys"
        "lib.part.identities"
        "mcp.part.tools"
        "mcp.part.secrets"
        "lib.part.accounts"
        "lib.part.objects"
        "mcp.part.callers"
        "mcp.part.internet"
        "lib.part.config"
        "lib.part.settings"
      )) -}}
{{- end -}}

{{- define "mcp.workload" -}}
{{- dict "component" . "strategy" (include "lib.strategy.surge" .) | toJson -}}
{{- end -}}

{{- define "mcp.checks" -}}
{{- if not (hasKey .tools "tools.toml") -}}
{{- include "lib.refuse" (list "tools" "the file `tools.toml` is missing, which describes the tools") -}}
{{- end -}}
{{- if and (ne .ingress.type "none") (not (or .keys.hashes .keys.secret .identities)) -}}
{{- include "lib.refuse" (list "keys" "without any, /mcp is not served: give keys.hashes, keys.secret or identities, or no ingress") -}}
{{- end -}}
{{- if and (ne .ingress.type "none") (not .hosts) -}}
{{- include "lib.refuse" (list "hosts" "needed with an ingress: requests to /mcp under other names are refused") -}}
{{- end -}}
{{- if and (ne .ingress.type "none") .networkPolicy.enabled (not .networkPolicy.loadBalancers) -}}
{{- include "lib.refuse" (list "networkPolicy.loadBalancers" "needed with an ingress: by gRPC mcp believes whoever reaches it, so it is not open to everybody") -}}
{{- end -}}
{{- end -}}

{{/* As JSON: what the Service is called within the cluster. */}}
{{- define "mcp.names" -}}
{{- list .fullname (printf "%s.%s" .fullname .namespace) (printf "%s.%s.svc" .fullname .namespace) | toJson -}}
{{- end -}}

{{/*
The tools' files in a ConfigMap of their own: mcp reads them again when they change, so no pod is replaced for them and
nothing of them is in the pods' template.
*/}}
{{- define "mcp.part.tools" -}}
env:
  ONDOL_TOOLS: /etc/ondol/tools/tools.toml
  ONDOL_MCP_HOSTS: {{ concat .values.hosts (include "mcp.names" . | fromJsonArray) | join "," | toJson }}
volumes:
  tools:
    configMap:
      name: "{{ .fullname }}-tools"
mounts:
  /etc/ondol/tools: tools
{{- end -}}

{{/* Secrets of others as files, for tools that name them: `folder` under [secrets] in tools.toml. */}}
{{- define "mcp.part.secrets" -}}
{{- with .values.secretsFolder.secret -}}
volumes:
  secrets:
    secret:
      secretName: {{ . | quote }}
mounts:
  /run/secrets/ondol: secrets
{{- end -}}
{{- end -}}

{{/* By gRPC it believes its callers; agents come with a key, by HTTP, where an ingress leads them to /mcp alone. */}}
{{- define "mcp.part.callers" -}}
{{- $peers := list (include "lib.peer" "api" | fromYaml) (include "lib.peer" "worker" | fromYaml) -}}
{{- $agents := eq .values.ingress.type "none" | ternary (list) .values.networkPolicy.loadBalancers -}}
ingress:
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.grpc) "peers" (concat $peers .values.networkPolicy.callers $agents)) | nindent 2 }}
  {{- if eq .values.ingress.type "alb" }}
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.admin) "peers" $agents) | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* It alone reaches what callers and tools choose: the internet, and by itself nothing of the cluster or the cloud inside. */}}
{{- define "mcp.part.internet" -}}
egress:
  {{- with .values.networkPolicy.internet }}
  {{- $public := dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" .except) }}
  {{- include "lib.rule" (dict "direction" "to" "ports" .ports "peers" (list $public)) | nindent 2 }}
  {{- end }}
  {{- include "lib.rule.pod-identity" . | nindent 2 }}
{{- end -}}
