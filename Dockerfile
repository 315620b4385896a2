# Our own binary, static, and nothing else. Build it first, then give the folder it is in as context:
#   cargo build --release -p tanglegram --no-default-features --target x86_64-unknown-linux-musl
#   docker build -t tanglegram -f Dockerfile target/x86_64-unknown-linux-musl/release
FROM scratch
COPY tanglegram /tanglegram
EXPOSE 14265
ENTRYPOINT ["/tanglegram"]
CMD ["serve", "private-net", "--listen", "0.0.0.0:14265"]
