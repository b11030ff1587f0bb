// What links, certificates and signatures need of OpenSSL 3 that Swift cannot import: function-like macros and typed stacks.
// Nothing here decides anything; each function is one macro or one walk over a stack.

#ifndef MERIDIAN_COPENSSL_SHIM_H
#define MERIDIAN_COPENSSL_SHIM_H

// The SHA-256 whose state is a plain value is marked as deprecated, in favour of one whose states are on the heap.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline int meridian_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int meridian_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}

/// Gives buffers back between records, so that an idle connection is small, and sends the chain as its file has it, without
/// what the trusted roots would add.
static inline void meridian_SSL_CTX_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
}

/// The options of every context: no renegotiation, no compression, the server's order of ciphers.
static inline void meridian_SSL_CTX_set_safe_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}

/// No resumption: every connection proves both certificates anew.
static inline void meridian_SSL_CTX_disable_resumption(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
}

static inline void meridian_SSL_CTX_disable_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int meridian_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

/// A memory BIO whose emptiness means "try again", not the end of the stream.
static inline BIO *meridian_BIO_new_endless(void) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL) {
        BIO_set_mem_eof_return(bio, -1);
    }
    return bio;
}

static inline unsigned long meridian_X509_not_after_text(X509 *certificate, char *text, int capacity) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL) {
        return 0;
    }
    int length = 0;
    if (ASN1_TIME_print(bio, X509_get0_notAfter(certificate)) == 1) {
        length = BIO_read(bio, text, capacity);
    }
    BIO_free(bio);
    return length > 0 ? (unsigned long)length : 0;
}

/// The end of a certificate's validity in seconds since 1970, or -1 where the certificate holds no readable time.
static inline long long meridian_X509_not_after_seconds(X509 *certificate) {
    struct tm parts;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) {
        return -1;
    }
    return (long long)timegm(&parts);
}

/// Compares the start of a certificate's validity with the system's clock: positive where it is still to come.
static inline int meridian_X509_not_before_against_now(X509 *certificate) {
    return X509_cmp_time(X509_get0_notBefore(certificate), NULL);
}

/// Compares the end of a certificate's validity with the system's clock: negative where it has passed.
static inline int meridian_X509_not_after_against_now(X509 *certificate) {
    return X509_cmp_time(X509_get0_notAfter(certificate), NULL);
}

static inline EVP_PKEY *meridian_EVP_PKEY_new_P256(void) {
    return EVP_EC_gen("P-256");
}

/// Gives the certificate a positive number of 159 random bits: RFC 5280 allows 20 bytes, and asks for no two alike.
static inline int meridian_X509_set_random_serial(X509 *certificate) {
    BIGNUM *number = BN_new();
    int done = number != NULL && BN_rand(number, 159, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1
        && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

/// Adds an extension whose value is in the notation of x509v3_config(5).
static inline int meridian_X509_add_extension(X509 *certificate, X509 *issuer, int id, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
    int done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

typedef void (*meridian_name_visitor)(void *context, const unsigned char *bytes, int length);

/// Visits each dNSName of the certificate's subjectAltName in order; returns how many there are, or -1 where the extension
/// cannot be read or is there twice.
static inline int meridian_X509_visit_dns_names(X509 *certificate, meridian_name_visitor visitor, void *context) {
    int critical = 0;
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
    if (names == NULL) {
        return critical == -1 ? 0 : -1;
    }
    int visited = 0;
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        if (name->type != GEN_DNS) {
            continue;
        }
        visited++;
        visitor(context, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    return visited;
}

/// Visits each common name of the certificate's subject in order, as UTF-8.
static inline void meridian_X509_visit_common_names(X509 *certificate, meridian_name_visitor visitor, void *context) {
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int index = -1;
    while ((index = X509_NAME_get_index_by_NID(subject, NID_commonName, index)) >= 0) {
        unsigned char *text = NULL;
        int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
        if (length >= 0) {
            visitor(context, text, length);
            OPENSSL_free(text);
        }
    }
}

#endif
