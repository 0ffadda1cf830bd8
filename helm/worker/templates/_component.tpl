{{- define "worker.component" -}}
{{- include "worker.checks" .Values -}}
{{- include "lib.component" (dict
      "root" .
      "name" "worker"
      "ports" (dict "admin" 9403)
      "parts" (list
        "lib.part.process"
        "lib.part.queue"
        "lib.part.objects"
        "lib.part.llm-inference"
        "lib.part.mcp"
        "lib.part.config"
        "lib.part.settings"
      )) -}}
{{- end -}}

{{- define "worker.workload" -}}
{{- dict "component" . "strategy" (include "lib.strategy.surge" .) | toJson -}}
{{- end -}}

{{- define "worker.checks" -}}
{{- if not .redis.url -}}
{{- include "lib.refuse" (list "redis.url" "needed: jobs come from there") -}}
{{- end -}}
{{- if not .objects.url -}}
{{- include "lib.refuse" (list "objects.url" "needed: results go there") -}}
{{- end -}}
{{- end -}}
