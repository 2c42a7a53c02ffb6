{{- define "sgp-sam.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 54 | trimSuffix "-" }}
{{- end }}

{{- /* At most 54 characters, so that "-headless" still fits into a DNS label. */ -}}
{{- define "sgp-sam.fullname" -}}
{{- $name := include "sgp-sam.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 54 | trimSuffix "-" }}
{{- end }}

{{- define "sgp-sam.selector" -}}
app.kubernetes.io/name: {{ include "sgp-sam.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sgp-sam.labels" -}}
{{ include "sgp-sam.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "sgp-sam.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- /* One worker for each of the pod's devices, by name: one that cannot be used then ends the server instead of
       leaving the work to the processor. */ -}}
{{- define "sgp-sam.devices" -}}
{{- $devices := list }}
{{- range $number := until (int .Values.gpu.count) }}
{{- $devices = append $devices (printf "cuda:%d" $number) }}
{{- end }}
{{- $all := default "cpu" (join "," $devices) }}
{{- ternary $all .Values.server.device (eq .Values.server.device "auto") }}
{{- end }}

{{- /* Kubernetes' gRPC probes speak no TLS: with it they ask the HTTP port, which gives the same answer. */ -}}
{{- define "sgp-sam.probe" -}}
{{- if .Values.tls.existingSecret -}}
httpGet: {path: /readyz, port: {{ .Values.service.httpPort }}}
{{- else -}}
grpc: {port: {{ .Values.service.grpcPort }}}
{{- end }}
{{- end }}

{{- /* A Kubernetes quantity, such as 16Gi or 1e9, as a number. Takes a dict of its name and value. */ -}}
{{- define "sgp-sam.number" -}}
{{- $quantity := toString .value }}
{{- $digits := regexFind "^[0-9]+(\\.[0-9]*)?([eE][+-]?[0-9]+)?" $quantity }}
{{- $units := dict "" 1.0 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0
    "Ti" 1099511627776.0 "Pi" 1125899906842624.0 }}
{{- $unit := trimPrefix $digits $quantity }}
{{- if or (not $digits) (not (hasKey $units $unit)) }}
{{- fail (printf "%s: %q is no quantity such as 16Gi" .name $quantity) }}
{{- end }}
{{- mulf (float64 $digits) (get $units $unit) }}
{{- end }}

{{- /* What the flags admit, as README.md's Memory has it, in bytes. */ -}}
{{- define "sgp-sam.memory" -}}
{{- $env := .Values.server.extraEnv }}
{{- $caches := 0.0 }}
{{- range $name, $default := dict "SGPSAM_VOLUME_CACHE_BYTES" 2147483648 "SGPSAM_EMBEDDING_CACHE_BYTES" 536870912
    "SGPSAM_LOGITS_CACHE_BYTES" 67108864 "SGPSAM_GRPC_MEMORY_BYTES" 536870912 }}
{{- $caches = addf $caches (ternary (get $env $name) $default (hasKey $env $name) | float64) }}
{{- end }}
{{- $batch := get $env "SGPSAM_MAX_BATCH" | default 1 | float64 }}
{{- $processors := regexFindAll "cpu" (include "sgp-sam.devices" .) -1 | len }}
{{- $worker := mulf 1073741824.0 (addf 1.0 (mulf (divf 2.0 3.0) (subf $batch 1.0))) }}
{{- addf (mulf 1.6 (float64 .Values.server.maxBytesInFlight)) $caches (mulf $processors $worker) }}
{{- end }}

{{- /* What a schema cannot say: values that contradict each other. */ -}}
{{- define "sgp-sam.check" -}}
{{- include "sgp-sam.checkDevices" . }}
{{- include "sgp-sam.checkMemory" . }}
{{- include "sgp-sam.checkEnvironment" . }}
{{- if lt (int64 .Values.server.maxBytesInFlight) (int64 .Values.server.maxVolumeBytes) }}
{{- fail "server.maxBytesInFlight must be at least server.maxVolumeBytes" }}
{{- end }}
{{- if and .Values.model.subPath (not .Values.model.existingClaim) }}
{{- fail "model.subPath is a folder inside a claim: set model.existingClaim too" }}
{{- end }}
{{- if and .Values.tls.clientCaSecret (not .Values.tls.existingSecret) }}
{{- fail "tls.clientCaSecret asks callers for certificates, which needs TLS: set tls.existingSecret too" }}
{{- end }}
{{- if eq (int .Values.service.grpcPort) (int .Values.service.httpPort) }}
{{- fail "service.grpcPort and service.httpPort must differ" }}
{{- end }}
{{- $none := list "0" "0%" }}
{{- if and (has (toString .Values.rollout.maxSurge) $none) (has (toString .Values.rollout.maxUnavailable) $none) }}
{{- fail "rollout.maxSurge and rollout.maxUnavailable are both 0, so no pod could ever be replaced: set one of them to 1" }}
{{- end }}
{{- end }}

{{- define "sgp-sam.checkDevices" -}}
{{- $count := int .Values.gpu.count }}
{{- $device := .Values.server.device }}
{{- $named := splitList "," (include "sgp-sam.devices" .) }}
{{- range $name := without $named "cpu" }}
{{- $number := trimPrefix "cuda:" $name | int }}
{{- if ge $number $count }}
{{- fail (printf "server.device is %q but gpu.count is %d: set gpu.count=%d, or server.device=auto" $device $count (add1 $number)) }}
{{- end }}
{{- end }}
{{- range $number := until $count }}
{{- if not (has (printf "cuda:%d" $number) $named) }}
{{- fail (printf "server.device is %q, so cuda:%d of gpu.count=%d would lie idle: set server.device=auto, or a smaller gpu.count" $device $number $count) }}
{{- end }}
{{- end }}
{{- if and (gt $count 1) (contains "mig-" .Values.gpu.resourceName) }}
{{- fail "gpu.count: a process sees one MIG device only: set gpu.count=1 and more replicas" }}
{{- end }}
{{- range $kind := list "requests" "limits" }}
{{- if hasKey (default dict (get $.Values.resources $kind)) $.Values.gpu.resourceName }}
{{- fail (printf "resources.%s.%s: set gpu.count instead" $kind $.Values.gpu.resourceName) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sgp-sam.checkMemory" -}}
{{- $limit := get (default dict .Values.resources.limits) "memory" }}
{{- $request := get (default dict .Values.resources.requests) "memory" }}
{{- if $limit }}
{{- $bytes := include "sgp-sam.number" (dict "name" "resources.limits.memory" "value" $limit) | float64 }}
{{- $needed := include "sgp-sam.memory" . | float64 }}
{{- if lt $bytes $needed }}
{{- fail (printf "resources.limits.memory is %v, but the flags admit %.1f GiB: raise it, or lower server.maxBytesInFlight or the caches (README.md, Memory)" $limit (divf $needed 1073741824.0)) }}
{{- end }}
{{- if $request }}
{{- if gt (include "sgp-sam.number" (dict "name" "resources.requests.memory" "value" $request) | float64) $bytes }}
{{- fail (printf "resources.requests.memory is %v, more than resources.limits.memory, %v" $request $limit) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sgp-sam.checkEnvironment" -}}
{{- $own := dict "SGPSAM_MODEL" "model.path" "SGPSAM_LISTEN" "service.grpcPort" "SGPSAM_HTTP_LISTEN" "service.httpPort"
    "SGPSAM_DEVICE" "server.device" "SGPSAM_PRECISION" "server.precision" "SGPSAM_THREADS" "server.threads"
    "SGPSAM_MAX_IN_FLIGHT" "server.maxInFlight" "SGPSAM_MAX_CALLS" "server.maxCalls"
    "SGPSAM_MAX_BYTES_IN_FLIGHT" "server.maxBytesInFlight" "SGPSAM_MAX_VOLUME_BYTES" "server.maxVolumeBytes"
    "SGPSAM_DRAIN_TIMEOUT" "server.drainSeconds" "SGPSAM_TLS_CERT" "tls.existingSecret"
    "SGPSAM_TLS_KEY" "tls.existingSecret" "SGPSAM_TLS_CLIENT_CA" "tls.clientCaSecret" }}
{{- $further := list "SGPSAM_EMBEDDING_CACHE_BYTES" "SGPSAM_GRPC_MEMORY_BYTES" "SGPSAM_LOGITS_CACHE_BYTES" "SGPSAM_MAX_BATCH"
    "SGPSAM_SELF_TEST" "SGPSAM_VOLUME_CACHE_BYTES" "SGPSAM_WORKER_BINARY" }}
{{- range $name, $value := .Values.server.extraEnv }}
{{- with get $own $name }}
{{- fail (printf "server.extraEnv.%s: set %s instead" $name .) }}
{{- end }}
{{- if not (has $name $further) }}
{{- fail (printf "server.extraEnv.%s: the server has no such flag; there are %s" $name (join ", " $further)) }}
{{- end }}
{{- end }}
{{- end }}
