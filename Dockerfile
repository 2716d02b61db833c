# The image of a release: the static binary of its archive, and certificates. The release workflow puts the binaries in place.
#   docker build --build-arg TARGETARCH=amd64 -t authbench .
# Containerfile builds the program from this source instead.
FROM gcr.io/distroless/static-debian12:nonroot
ARG TARGETARCH
COPY image/${TARGETARCH}/authbench /usr/local/bin/authbench
WORKDIR /work
ENTRYPOINT ["authbench"]
CMD ["--help"]
