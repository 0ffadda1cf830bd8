{{/*
Calls of gRPC are told apart by their content type, and go to a target group that speaks HTTP/2. gRPC-Web
(application/grpc-web) is not one of them: it is plain HTTP, and the group would refuse it over HTTP/1.1.
By itself a group takes UNIMPLEMENTED for good health (12): it has to be told to ask for OK (0).
*/}}
{{- define "api.ingress.grpc" -}}
alb.ingress.kubernetes.io/conditions.{{ .fullname }}: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"Content-Type","values":["application/grpc","application/grpc+*"]}}]'
alb.ingress.kubernetes.io/backend-protocol-version: GRPC
alb.ingress.kubernetes.io/healthcheck-path: /grpc.health.v1.Health/Check
alb.ingress.kubernetes.io/success-codes: "0"
{{- end -}}

{{- define "api.gateway.grpc-route" -}}
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  {{- include "lib.metadata" (dict "component" . "suffix" "grpc") | nindent 2 }}
spec:
  {{- include "lib.gateway.parents" . | nindent 2 }}
  {{- with .values.ingress.gateway.grpcHosts }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - backendRefs:
        - name: {{ .fullname | quote }}
          port: {{ .ports.grpc }}
{{- end -}}

{{/* Of a GRPCRoute and an HTTPRoute for one host, a gateway takes the older one and refuses the other. */}}
{{- define "api.ingress.checks" -}}
{{- with .ingress.gateway -}}
{{- if not (and .grpcHosts .httpHosts) -}}
{{- include "lib.refuse" (list "ingress.gateway" "give grpcHosts and httpHosts: a gateway takes gRPC and HTTP on different hosts") -}}
{{- end -}}
{{- range .grpcHosts -}}
{{- if has . $.ingress.gateway.httpHosts -}}
{{- include "lib.refuse" (list "ingress.gateway.grpcHosts" (printf "%s is one of httpHosts too, and a gateway takes only one kind of route for a host" .)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
