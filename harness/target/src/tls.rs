//! TLS towards a target: who is trusted, and why somebody is not.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Why there is no TLS.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file of `--ca` cannot be read.
    #[error("the certificates in {file} cannot be read: {why}")]
    Authority {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The library takes no such settings.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// Whom to trust; clones are equal to each other and to nothing else.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ClientConfig>);

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Tls {}

impl Tls {
    /// Trusts the authorities of the system and of Mozilla's list; read once.
    ///
    /// # Errors
    /// The library takes no such settings.
    pub fn system() -> Result<Self, TlsError> {
        static SYSTEM: OnceLock<Tls> = OnceLock::new();
        if let Some(tls) = SYSTEM.get() {
            return Ok(tls.clone());
        }
        let tls = Self::trusting(None)?;
        Ok(SYSTEM.get_or_init(|| tls).clone())
    }

    /// Trusts the authorities of the system and of Mozilla's list, and those in a PEM file.
    ///
    /// # Errors
    /// The file cannot be read, or has no certificate.
    pub fn with_authorities(file: &Path) -> Result<Self, TlsError> {
        Self::trusting(Some(file))
    }

    fn trusting(authorities: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = authorities {
            let failed = |why: String| TlsError::Authority { file: file.display().to_string(), why };
            let found = CertificateDer::pem_file_iter(file).map_err(|error| failed(error.to_string()))?;
            let found: Result<Vec<_>, _> = found.collect();
            let found = found.map_err(|error| failed(error.to_string()))?;
            if found.is_empty() {
                return Err(failed("there is no certificate in it".into()));
            }
            for certificate in found {
                roots.add(certificate).map_err(|error| failed(error.to_string()))?;
            }
        }
        Ok(Self::finished(builder()?.with_root_certificates(roots).with_no_client_auth()))
    }

    /// Trusts whoever answers.
    ///
    /// # Errors
    /// The library takes no such settings.
    pub fn insecure() -> Result<Self, TlsError> {
        let verifier = Arc::new(Anybody(ring::default_provider()));
        let builder = builder()?.dangerous().with_custom_certificate_verifier(verifier);
        Ok(Self::finished(builder.with_no_client_auth()))
    }

    /// It is HTTP/1.1 that is spoken, and nothing else.
    fn finished(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(Arc::new(config))
    }

    /// The handshake on a connection to a host; why it failed is a sentence for people.
    pub(crate) async fn shake(&self, stream: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, String> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| "no certificate can be for such a name".to_owned())?;
        let shaken = TlsConnector::from(self.0.clone()).connect(name, stream).await;
        shaken.map_err(|error| explain(&error))
    }
}

/// Why a handshake failed, and what can be done.
fn explain(error: &io::Error) -> String {
    let ours = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match ours {
        Some(Error::InvalidCertificate(why)) => explain_certificate(why),
        Some(Error::InvalidMessage(_)) => "what answers there speaks no TLS; is it http:// ?".to_owned(),
        Some(Error::AlertReceived(alert)) => format!("it ends the handshake with the alert {alert:?}"),
        Some(other) => other.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it closed the connection in the handshake; is it http:// ?".to_owned()
        }
        None => error.to_string(),
    }
}

fn explain_certificate(why: &CertificateError) -> String {
    use CertificateError as Bad;
    match why {
        Bad::UnknownIssuer => {
            "its certificate is signed by no authority that is trusted here; --ca FILE trusts the one in FILE, \
             --insecure trusts anyone"
                .to_owned()
        }
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "its certificate has expired; have it renewed, or look at the clock of this machine".to_owned()
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet; look at the clocks of both machines".to_owned()
        }
        Bad::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<String> =
                presented.iter().take(10).map(|name| name.escape_debug().to_string()).collect();
            format!("its certificate is for others: {}; ask by one of these names", names.join(", "))
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "its certificate is for no such name; ask by one that is in it".to_owned()
        }
        Bad::Revoked => "its certificate was revoked".to_owned(),
        other => format!("its certificate is not accepted: {other:?}; --insecure trusts anyone"),
    }
}

type Builder = tokio_rustls::rustls::ConfigBuilder<ClientConfig, tokio_rustls::rustls::WantsVerifier>;

fn builder() -> Result<Builder, TlsError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))
}

/// Takes any certificate, as long as its owner can sign.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
