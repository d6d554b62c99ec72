# syntax=docker/dockerfile:1
# docker build -t experimenthub .                                    CPU
# docker build -t experimenthub:cuda --build-arg TORCH_BACKEND=cuda .  CUDA (fetches about 5.9 GB)

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TORCH_BACKEND=cpu
WORKDIR /source
COPY . .
# The trainer gets a folder of its own beside the hub, which starts it from there and never loads what lies in it.
# The hub is compiled ahead for this machine, so that its first page does not wait for the compiler.
RUN dotnet publish src/ExperimentHub.Web -c Release --use-current-runtime --self-contained false -p:PublishReadyToRun=true -p:TorchBackend=$TORCH_BACKEND -o /app \
 && dotnet publish src/ExperimentHub.Trainer -c Release -p:TorchBackend=$TORCH_BACKEND -o /app/trainer

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# tini reaps what a killed trainer leaves behind; the time zones are those of the schedules.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini tzdata \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /app
RUN mkdir -m 0700 /data && chown "$APP_UID:$APP_UID" /data
WORKDIR /app
USER $APP_UID
# The base image asks for port 8080 on every address; the hub listens on loopback alone and would only say that it leaves this out.
ENV ASPNETCORE_HTTP_PORTS= \
    Hub__DataFolder=/data/hub \
    Hub__Node=hub \
    Hub__DatasetFolder=/data/datasets \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
VOLUME /data
ENTRYPOINT ["/usr/bin/tini", "--", "dotnet", "ExperimentHub.Web.dll"]
