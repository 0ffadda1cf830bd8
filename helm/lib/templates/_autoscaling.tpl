{{/* What is scaled: the workload, by the kind that the chart gave it. */}}
{{- define "lib.scaled" -}}
apiVersion: {{ .apiVersion | default "apps/v1" }}
kind: {{ .kind | default "Deployment" }}
name: {{ .component.fullname | quote }}
{{- end -}}

{{- define "lib.autoscaling.bounds" -}}
{{- with .values.autoscaling -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- include "lib.refuse" (list "autoscaling.minReplicas" "may not be above autoscaling.maxReplicas") -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Up as fast as Kubernetes does by itself; down only by what nobody has needed for a while, and by half at most, so that
a pause between two waves costs no cold start.
*/}}
{{- define "lib.autoscaling.behavior" -}}
{{- with .values.autoscaling -}}
scaleUp:
  stabilizationWindowSeconds: {{ .scaleUpSeconds }}
  selectPolicy: Max
  policies:
    - type: Percent
      value: 100
      periodSeconds: 15
    - type: Pods
      value: 4
      periodSeconds: 15
scaleDown:
  stabilizationWindowSeconds: {{ .scaleDownSeconds }}
  policies:
    - type: Percent
      value: 50
      periodSeconds: 60
{{- end -}}
{{- end -}}

{{- define "lib.autoscaler.hpa" -}}
{{- $values := .component.values -}}
{{- if eq $values.autoscaling.type "hpa" -}}
{{- include "lib.autoscaling.bounds" .component -}}
{{- if not (dig "requests" "cpu" "" (.component.resources | default dict)) -}}
{{- include "lib.refuse" (list "resources.requests.cpu" "needed with autoscaling.type: hpa, which compares the use with it") -}}
{{- end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "lib.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    {{- include "lib.scaled" . | nindent 4 }}
  minReplicas: {{ $values.autoscaling.minReplicas }}
  maxReplicas: {{ $values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $values.autoscaling.targetCPU }}
  behavior:
    {{- include "lib.autoscaling.behavior" .component | nindent 4 }}
{{- end -}}
{{- end -}}

{{/* The chart says what KEDA looks at, in `triggers`, and how those become one figure, in `modifiers`. */}}
{{- define "lib.autoscaler.keda" -}}
{{- $values := .component.values -}}
{{- if eq $values.autoscaling.type "keda" -}}
{{- include "lib.autoscaling.bounds" .component -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  {{- include "lib.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    {{- include "lib.scaled" . | nindent 4 }}
  minReplicaCount: {{ $values.autoscaling.minReplicas }}
  maxReplicaCount: {{ $values.autoscaling.maxReplicas }}
  pollingInterval: {{ $values.autoscaling.pollingSeconds }}
  # From the last replica to none, where the minimum is 0.
  cooldownPeriod: {{ $values.autoscaling.scaleDownSeconds }}
  # While what they look at is away, as many replicas as there are go on.
  fallback:
    failureThreshold: 3
    replicas: {{ max 1 $values.autoscaling.minReplicas }}
    behavior: currentReplicasIfHigher
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        {{- include "lib.autoscaling.behavior" .component | nindent 8 }}
    {{- with .modifiers }}
    scalingModifiers:
      {{- . | nindent 6 }}
    {{- end }}
  triggers:
    {{- .triggers | nindent 4 }}
{{- end -}}
{{- end -}}
