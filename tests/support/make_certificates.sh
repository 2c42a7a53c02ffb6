#!/bin/sh
# Makes what the tests of TLS need in FOLDER: two authorities, and certificates that are right or wrong in one
# way each, every NAME.pem with its NAME.key. Keys live as long as the folder.
#
#     tests/support/make_certificates.sh FOLDER
set -eu
cd "$1"

subject() { echo "/O=synthetic, for tests/CN=$1"; }
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1.key" 2>/dev/null; }

authority() {
  new_key "$1"
  openssl req -x509 -new -key "$1.key" -out "$1.pem" -days 30 -subj "$(subject "$1")" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# NAME AUTHORITY HOSTS [BEGIN END]
certificate() {
  new_key "$1"
  openssl req -new -key "$1.key" -out "$1.csr" -subj "$(subject "$1")"
  rm -rf issued; mkdir issued; : > issued/index; echo "subjectAltName=$3" > issued/extensions
  cat > issued/config <<END
[ca]
default_ca = authority
[authority]
database = issued/index
rand_serial = yes
new_certs_dir = issued
default_md = sha256
default_days = 30
policy = policy
[policy]
organizationName = optional
commonName = supplied
END
  openssl ca -batch -notext -config issued/config -cert "$2.pem" -keyfile "$2.key" -extfile issued/extensions \
    ${4:+-startdate "$4" -enddate "$5"} -in "$1.csr" -out "$1.pem" 2>/dev/null
  rm -r issued "$1.csr"
}

authority authority
authority stranger
certificate server authority DNS:localhost,IP:127.0.0.1
certificate renewed authority DNS:localhost,IP:127.0.0.1
certificate elsewhere authority DNS:elsewhere.example
certificate expired authority DNS:localhost,IP:127.0.0.1 20200101000000Z 20200201000000Z
certificate client authority DNS:client.example
certificate strange_server stranger DNS:localhost,IP:127.0.0.1
certificate strange_client stranger DNS:client.example
certificate expired_client authority DNS:client.example 20200101000000Z 20200201000000Z
openssl pkey -in server.key -aes256 -passout pass:secret -out encrypted.key
cat authority.pem stranger.pem > both.pem
head -c 300 server.pem > damaged.pem
echo "no certificate, no key" > text.pem
