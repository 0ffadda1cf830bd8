{{- define "lib.container" -}}
{{- $values := .values -}}
name: {{ .name }}
image: {{ include "lib.image" (dict "image" $values.image "version" .version) | quote }}
imagePullPolicy: {{ $values.image.pullPolicy }}
ports:
  {{- range $name, $number := .ports }}
  - name: {{ $name }}
    containerPort: {{ $number }}
  {{- end }}
env:
  {{- include "lib.container.env" .env | trim | nindent 2 }}
{{- include "lib.container.probes" . | nindent 0 }}
{{- with $values.drain.preStopSeconds }}
lifecycle:
  preStop:
    # Load balancers go on sending to a pod that they were told to leave. The image has no shell to sleep in.
    sleep:
      seconds: {{ . }}
{{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  {{- include "lib.container.security" . | nindent 2 }}
{{- if .mounts }}
volumeMounts:
  {{- include "lib.container.mounts" . | trim | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "lib.container.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{- define "lib.container.env" -}}
{{- range $name, $value := . }}
- name: {{ $name | quote }}
  {{- if kindIs "map" $value }}
  valueFrom:
    secretKeyRef:
      name: {{ $value.secret | quote }}
      key: {{ $value.key | quote }}
  {{- else }}
  value: {{ $value | toJson }}
  {{- end }}
{{- end }}
{{- end -}}

{{/*
The admin port opens first of all. /livez answers as long as the process does, so what a service depends on never restarts
it. The others begin when the startup probe has passed: nobody judges a process that loads a model.
*/}}
{{- define "lib.container.probes" -}}
startupProbe:
  httpGet:
    path: {{ .startup }}
    port: admin
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: {{ div (add .values.startupSeconds 4) 5 }}
livenessProbe:
  httpGet:
    path: /livez
    port: admin
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet:
    path: /readyz
    port: admin
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{- define "lib.container.mounts" -}}
{{- range $path, $name := .mounts }}
- name: {{ $name | quote }}
  mountPath: {{ $path | quote }}
  {{- if ne $name "objects" }}
  readOnly: true
  {{- end }}
{{- end }}
{{- end -}}
