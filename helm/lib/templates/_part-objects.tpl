{{/* Where artifacts, uploads and whatever is large lie: S3, or a volume for a cluster of one node. */}}
{{- define "lib.part.objects" -}}
{{- $objects := .values.objects -}}
{{- $folder := hasPrefix "file://" $objects.url -}}
{{- if ne $folder (not (empty $objects.claim)) -}}
{{- include "lib.refuse" (list "objects.claim" "a file:// URL needs a claim, and nothing else does") -}}
{{- end -}}
{{- with $objects.url -}}
env:
  ONDOL_OBJECTS_URL: {{ . | toJson }}
  {{- with $objects.region }}
  ONDOL_OBJECTS_REGION: {{ . | quote }}
  {{- end }}
  {{- with $objects.endpoint }}
  ONDOL_OBJECTS_ENDPOINT: {{ . | toJson }}
  {{- end }}
{{- if $folder }}
volumes:
  objects:
    persistentVolumeClaim:
      claimName: {{ $objects.claim | quote }}
mounts:
  /objects: objects
{{- else }}
egress:
  {{- include "lib.rule" (dict "direction" "to" "ports" (list (include "lib.port" ($objects.endpoint | default "https://s3"))) "peers" $.values.networkPolicy.objects) | nindent 2 }}
  {{- include "lib.rule.pod-identity" . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* The agent on each node that hands a pod the credentials of its role (EKS Pod Identity). */}}
{{- define "lib.rule.pod-identity" -}}
- ports:
    - port: 80
      protocol: TCP
  to:
    - ipBlock:
        cidr: 169.254.170.23/32
    - ipBlock:
        cidr: fd00:ec2::23/128
{{- end -}}
