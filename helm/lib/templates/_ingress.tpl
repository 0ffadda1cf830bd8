{{/*
An Ingress for the AWS Load Balancer Controller. Ingresses of one group share a load balancer, and `order` says whose
rules are looked at first. `annotations` are those of one kind of traffic.
*/}}
{{- define "lib.ingress.alb" -}}
{{- $alb := .component.values.ingress.alb -}}
{{- if .component.values.tls.clientCa -}}
{{- include "lib.refuse" (list "tls.clientCa" "a load balancer of AWS shows its targets no certificate, so it would reach none: ingress.type cannot be alb") -}}
{{- end -}}
{{- $grace := .component.values.drain.graceSeconds -}}
{{- if lt (int $alb.deregistrationSeconds) (int $grace) -}}
{{- include "lib.refuse" (list "ingress.alb.deregistrationSeconds" (printf "the load balancer would cut off calls that drain.graceSeconds lets finish: at least %v" $grace)) -}}
{{- end -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "lib.metadata" . | nindent 2 }}
  annotations:
    {{- merge (dict) $alb.annotations (.annotations | fromYaml) (include "lib.ingress.alb.annotations" . | fromYaml) | include "lib.texts" | trim | nindent 4 }}
spec:
  ingressClassName: {{ $alb.className | quote }}
  rules:
    {{- $paths := .paths }}
    {{- $component := .component }}
    {{- range $alb.hosts | default (list "") }}
    - {{ with . }}host: {{ . | quote }}
      {{ end -}}
      http:
        paths:
          {{- range $paths }}
          - path: {{ . | quote }}
            pathType: Prefix
            backend:
              service:
                name: {{ $component.fullname | quote }}
                port:
                  name: grpc
          {{- end }}
    {{- end }}
{{- end -}}

{{/* gRPC wants an HTTPS listener. Targets are pods, so that a pod which ends is told apart from its node. */}}
{{- define "lib.ingress.alb.annotations" -}}
{{- $alb := .component.values.ingress.alb -}}
{{- $protocol := empty .component.values.tls.secret | ternary "HTTP" "HTTPS" -}}
alb.ingress.kubernetes.io/group.name: {{ $alb.group | quote }}
alb.ingress.kubernetes.io/group.order: {{ .order | quote }}
alb.ingress.kubernetes.io/scheme: {{ $alb.scheme }}
alb.ingress.kubernetes.io/target-type: ip
alb.ingress.kubernetes.io/listen-ports: '[{"HTTPS":443}]'
{{- with $alb.certificateArn }}
alb.ingress.kubernetes.io/certificate-arn: {{ . | quote }}
{{- end }}
alb.ingress.kubernetes.io/ssl-policy: {{ $alb.sslPolicy | quote }}
alb.ingress.kubernetes.io/backend-protocol: {{ $protocol }}
alb.ingress.kubernetes.io/healthcheck-interval-seconds: "10"
alb.ingress.kubernetes.io/healthy-threshold-count: "2"
alb.ingress.kubernetes.io/unhealthy-threshold-count: "2"
alb.ingress.kubernetes.io/target-group-attributes: deregistration_delay.timeout_seconds={{ $alb.deregistrationSeconds }}
alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds={{ $alb.idleSeconds }},routing.http2.enabled=true
{{- end -}}

{{/* Plain HTTP: the targets' health is their readiness, which the admin port knows and callers' port does not. */}}
{{- define "lib.ingress.alb.http" -}}
alb.ingress.kubernetes.io/backend-protocol-version: HTTP1
alb.ingress.kubernetes.io/healthcheck-protocol: HTTP
alb.ingress.kubernetes.io/healthcheck-port: {{ .ports.admin | quote }}
alb.ingress.kubernetes.io/healthcheck-path: /readyz
alb.ingress.kubernetes.io/success-codes: "200"
{{- end -}}

{{/* The Gateways that a route hangs on. */}}
{{- define "lib.gateway.parents" -}}
{{- with .values.ingress.gateway -}}
{{- if not .parents -}}
{{- include "lib.refuse" (list "ingress.gateway.parents" "name the Gateway that routes hang on") -}}
{{- end -}}
parentRefs:
  {{- range .parents }}
  - name: {{ .name | quote }}
    {{- with .namespace }}
    namespace: {{ . | quote }}
    {{- end }}
    {{- with .sectionName }}
    sectionName: {{ . | quote }}
    {{- end }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* An HTTPRoute to the component. Streams and downloads end by the service's own deadlines, not by the gateway's. */}}
{{- define "lib.gateway.http-route" -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  {{- include "lib.metadata" . | nindent 2 }}
spec:
  {{- include "lib.gateway.parents" .component | nindent 2 }}
  {{- with .hosts }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        {{- range .paths }}
        - path:
            type: PathPrefix
            value: {{ . | quote }}
        {{- end }}
      timeouts:
        request: 0s
        backendRequest: 0s
      backendRefs:
        - name: {{ .component.fullname | quote }}
          port: {{ .component.ports.grpc }}
{{- end -}}
