/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-fernet.h"

#include <nettle/aes.h>
#include <nettle/base64.h>
#include <nettle/cbc.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/random.h>

/* A token (https://github.com/fernet/spec) is, in base64url with padding:
 *
 *   0     0x80
 *   1     time, seconds since the epoch, big-endian
 *   9     initialisation vector
 *   25    data, padded as PKCS #7 says, AES-128-CBC
 *   -32   HMAC-SHA256 of all before */

#define VERSION 0x80
#define TIME_OFFSET 1
#define IV_OFFSET 9
#define DATA_OFFSET 25

/* A token without its data: the padding is a byte at least, so there is a block more. */
#define OVERHEAD (DATA_OFFSET + SHA256_DIGEST_SIZE)
#define RAW_MIN (OVERHEAD + AES_BLOCK_SIZE)
#define RAW_MAX (RAW_MIN + CHANNELS_FERNET_DATA_MAX)

G_STATIC_ASSERT (DATA_OFFSET - IV_OFFSET == CHANNELS_FERNET_IV_SIZE);
G_STATIC_ASSERT (CHANNELS_FERNET_IV_SIZE == AES_BLOCK_SIZE);
G_STATIC_ASSERT (CHANNELS_FERNET_KEY_SIZE == 2 * AES128_KEY_SIZE);

G_DEFINE_QUARK (channels_fernet_error_quark, channels_fernet_error)

/* The two halves of a key, ready for use. */
typedef struct
{
  struct hmac_sha256_ctx signer;
  struct aes128_ctx encrypter;
  struct aes128_ctx decrypter;
} Key;

/**
 * ChannelsFernet:
 *
 * Makes and opens Fernet tokens, as Python's `cryptography.fernet.MultiFernet` does: the first of
 * its keys encrypts, any of them decrypts. So keys can be changed while nodes run.
 *
 * Of its secrets, nothing is left in memory once it is freed. For one thread at a time.
 */
struct _ChannelsFernet
{
  GPtrArray *keys; /* (element-type Key) (owned) */
};

static void
key_free (Key *self)
{
  explicit_bzero (self, sizeof *self);
  g_free (self);
}

/**
 * channels_fernet_new:
 *
 * Returns: (transfer full): no keys yet
 */
ChannelsFernet *
channels_fernet_new (void)
{
  ChannelsFernet *self = g_new (ChannelsFernet, 1);

  self->keys = g_ptr_array_new_with_free_func ((GDestroyNotify) key_free);
  return self;
}

/**
 * channels_fernet_free:
 * @self: (transfer full): some keys, which are overwritten
 */
void
channels_fernet_free (ChannelsFernet *self)
{
  g_return_if_fail (self != NULL);

  g_ptr_array_unref (self->keys);
  g_free (self);
}

/**
 * channels_fernet_add_secret:
 * @self: some keys
 * @secret: anything; not empty
 *
 * Adds the key that channels_redis makes of one of its `symmetric_encryption_keys`: SHA-256.
 */
void
channels_fernet_add_secret (ChannelsFernet *self, const char *secret)
{
  guint8 key[CHANNELS_FERNET_KEY_SIZE];
  struct sha256_ctx digester;

  g_return_if_fail (self != NULL);
  g_return_if_fail (secret != NULL && *secret != '\0');

  sha256_init (&digester);
  sha256_update (&digester, strlen (secret), (const guint8 *) secret);
  sha256_digest (&digester, sizeof key, key);
  channels_fernet_add_key (self, key);

  explicit_bzero (&digester, sizeof digester);
  explicit_bzero (key, sizeof key);
}

/**
 * channels_fernet_add_key:
 * @self: some keys
 * @key: (array fixed-size=32): a Fernet key, out of its base64
 *
 * Adds a key as it is: the first half signs, the second encrypts.
 */
void
channels_fernet_add_key (ChannelsFernet *self, const guint8 *key)
{
  Key *added;

  g_return_if_fail (self != NULL);
  g_return_if_fail (key != NULL);

  added = g_new (Key, 1);
  hmac_sha256_set_key (&added->signer, AES128_KEY_SIZE, key);
  aes128_set_encrypt_key (&added->encrypter, key + AES128_KEY_SIZE);
  aes128_set_decrypt_key (&added->decrypter, key + AES128_KEY_SIZE);
  g_ptr_array_add (self->keys, added);
}

static void
sign (Key *key, const guint8 *raw, gsize length, guint8 *out_digest)
{
  hmac_sha256_update (&key->signer, length, raw);
  hmac_sha256_digest (&key->signer, SHA256_DIGEST_SIZE, out_digest);
}

static void
append_base64 (GByteArray *out, const guint8 *raw, gsize length)
{
  struct base64_encode_ctx encoder;
  guint start = out->len;
  char *text;
  gsize n;

  g_byte_array_set_size (out, start + (guint) BASE64_ENCODE_RAW_LENGTH (length));
  text = (char *) out->data + start;

  base64url_encode_init (&encoder);
  n = base64_encode_update (&encoder, text, length, raw);
  base64_encode_final (&encoder, text + n);
}

/**
 * channels_fernet_encrypt_with_iv:
 * @self: keys, one at least
 * @out: bytes
 * @data: (nullable): `NULL` if @length is 0
 * @length: bytes of @data, at most %CHANNELS_FERNET_DATA_MAX
 * @now: seconds since the epoch, not negative
 * @iv: (array fixed-size=16): which must be random and never used before
 *
 * What channels_fernet_encrypt() does once it has an initialisation vector. For test vectors.
 */
void
channels_fernet_encrypt_with_iv (ChannelsFernet *self,
                                 GByteArray *out,
                                 const guint8 *data,
                                 gsize length,
                                 gint64 now,
                                 const guint8 *iv)
{
  gsize padding = AES_BLOCK_SIZE - length % AES_BLOCK_SIZE;
  gsize signed_length = DATA_OFFSET + length + padding;
  guint64 time = GUINT64_TO_BE ((guint64) now);
  guint8 chained[AES_BLOCK_SIZE];
  g_autofree guint8 *raw = NULL;
  Key *key;

  g_return_if_fail (self != NULL && self->keys->len > 0);
  g_return_if_fail (out != NULL);
  g_return_if_fail (data != NULL || length == 0);
  g_return_if_fail (length <= CHANNELS_FERNET_DATA_MAX);
  g_return_if_fail (now >= 0);
  g_return_if_fail (iv != NULL);

  key = g_ptr_array_index (self->keys, 0);
  raw = g_malloc (signed_length + SHA256_DIGEST_SIZE);

  raw[0] = VERSION;
  memcpy (raw + TIME_OFFSET, &time, sizeof time);
  memcpy (raw + IV_OFFSET, iv, CHANNELS_FERNET_IV_SIZE);
  if (length > 0)
    memcpy (raw + DATA_OFFSET, data, length);
  memset (raw + DATA_OFFSET + length, (int) padding, padding);

  memcpy (chained, iv, sizeof chained);
  cbc_encrypt (&key->encrypter, nettle_aes128.encrypt, AES_BLOCK_SIZE, chained, length + padding,
               raw + DATA_OFFSET, raw + DATA_OFFSET);
  sign (key, raw, signed_length, raw + signed_length);
  append_base64 (out, raw, signed_length + SHA256_DIGEST_SIZE);
}

/**
 * channels_fernet_encrypt:
 * @self: keys, one at least
 * @out: bytes
 * @data: (nullable): `NULL` if @length is 0
 * @length: bytes of @data, at most %CHANNELS_FERNET_DATA_MAX
 * @now: seconds since the epoch, not negative
 * @error: return location for a `GError`, or `NULL`
 *
 * Appends a token that holds @data, made with the first key.
 *
 * Fails with `CHANNELS_FERNET_ERROR_NO_RANDOM`; @out is as before then.
 *
 * Returns: `TRUE` if a token was appended, `FALSE` with @error set otherwise
 */
gboolean
channels_fernet_encrypt (ChannelsFernet *self,
                         GByteArray *out,
                         const guint8 *data,
                         gsize length,
                         gint64 now,
                         GError **error)
{
  guint8 iv[CHANNELS_FERNET_IV_SIZE];

  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (getrandom (iv, sizeof iv, 0) != sizeof iv)
    {
      g_set_error_literal (error, CHANNELS_FERNET_ERROR, CHANNELS_FERNET_ERROR_NO_RANDOM,
                           "the kernel gave no random bytes to encrypt with");
      return FALSE;
    }

  channels_fernet_encrypt_with_iv (self, out, data, length, now, iv);
  return TRUE;
}

static gboolean
fail (ChannelsFernetError code, const char *what, GError **error)
{
  g_set_error_literal (error, CHANNELS_FERNET_ERROR, (int) code, what);
  return FALSE;
}

/* Strict: base64 of exactly these bytes, with its padding. nettle passes over white space, which
 * shows in how much is left. */
static guint8 *
decode (const guint8 *token, gsize length, gsize *out_length)
{
  struct base64_decode_ctx decoder;
  g_autofree guint8 *raw = NULL;
  gsize n;

  if (length % 4 != 0 || length > BASE64_ENCODE_RAW_LENGTH ((gsize) RAW_MAX))
    return NULL;

  raw = g_malloc (BASE64_DECODE_LENGTH (length));
  base64url_decode_init (&decoder);
  if (!base64_decode_update (&decoder, &n, raw, length, (const char *) token) ||
      !base64_decode_final (&decoder) || BASE64_ENCODE_RAW_LENGTH (n) != length)
    return NULL;

  *out_length = n;
  return g_steal_pointer (&raw);
}

/* (transfer none) (nullable): the key that a token was made with. */
static Key *
find_key (ChannelsFernet *self, const guint8 *raw, gsize length)
{
  gsize signed_length = length - SHA256_DIGEST_SIZE;

  for (guint i = 0; i < self->keys->len; i++)
    {
      Key *key = g_ptr_array_index (self->keys, i);
      guint8 digest[SHA256_DIGEST_SIZE];

      sign (key, raw, signed_length, digest);
      if (memeql_sec (digest, raw + signed_length, sizeof digest))
        return key;
    }

  return NULL;
}

static gboolean
check_time (const guint8 *raw, gint64 now, gint64 max_age, GError **error)
{
  guint64 time;

  if (max_age == CHANNELS_FERNET_ANY_AGE)
    return TRUE;

  memcpy (&time, raw + TIME_OFFSET, sizeof time);
  time = GUINT64_FROM_BE (time);

  if (now > max_age && time < (guint64) (now - max_age))
    return fail (CHANNELS_FERNET_ERROR_TOO_OLD, "the token is too old", error);
  if (time > (guint64) now + CHANNELS_FERNET_CLOCK_SKEW_MAX)
    return fail (CHANNELS_FERNET_ERROR_FROM_FUTURE,
                 "the token is from the future: a clock is wrong", error);

  return TRUE;
}

/* How much of @data is not padding, or -1. It was signed by one who has the key, whom the time that
 * this takes tells nothing. */
static gssize
find_end (const guint8 *data, gsize length)
{
  gsize padding = data[length - 1];

  if (padding < 1 || padding > AES_BLOCK_SIZE)
    return -1;
  for (gsize i = length - padding; i < length; i++)
    if (data[i] != padding)
      return -1;

  return (gssize) (length - padding);
}

/* Decrypts in place. */
static GBytes *
take_data (Key *key, guint8 *raw, gsize length, GError **error)
{
  g_autoptr (GBytes) all = g_bytes_new_take (raw, length);
  gsize data_length = length - OVERHEAD;
  gssize end;

  cbc_decrypt (&key->decrypter, nettle_aes128.decrypt, AES_BLOCK_SIZE, raw + IV_OFFSET, data_length,
               raw + DATA_OFFSET, raw + DATA_OFFSET);
  end = find_end (raw + DATA_OFFSET, data_length);
  if (end < 0)
    {
      fail (CHANNELS_FERNET_ERROR_MALFORMED, "what the token holds is not padded", error);
      return NULL;
    }

  return g_bytes_new_from_bytes (all, DATA_OFFSET, (gsize) end);
}

/**
 * channels_fernet_decrypt:
 * @self: keys
 * @token: (nullable): a token; need not end with NUL; `NULL` if @length is 0
 * @length: bytes of @token
 * @now: seconds since the epoch, not negative
 * @max_age: seconds that it may be old, not negative, or %CHANNELS_FERNET_ANY_AGE
 * @error: return location for a `GError`, or `NULL`
 *
 * Opens a token that was made with any of the keys.
 *
 * Fails with `CHANNELS_FERNET_ERROR_MALFORMED` if @token is none or holds more than
 * %CHANNELS_FERNET_DATA_MAX, `_UNKNOWN_KEY` if none of the keys signed it, `_TOO_OLD` if it is
 * older than @max_age, and `_FROM_FUTURE` if it was made more than
 * %CHANNELS_FERNET_CLOCK_SKEW_MAX after @now. With %CHANNELS_FERNET_ANY_AGE its time is not looked
 * at.
 *
 * Returns: (transfer full): what it holds, or `NULL` with @error set
 */
GBytes *
channels_fernet_decrypt (ChannelsFernet *self,
                         const guint8 *token,
                         gsize length,
                         gint64 now,
                         gint64 max_age,
                         GError **error)
{
  g_autofree guint8 *raw = NULL;
  gsize raw_length = 0;
  Key *key;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (token != NULL || length == 0, NULL);
  g_return_val_if_fail (now >= 0, NULL);
  g_return_val_if_fail (max_age >= CHANNELS_FERNET_ANY_AGE, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  raw = decode (token, length, &raw_length);
  if (raw == NULL || raw_length < RAW_MIN || raw_length > RAW_MAX || raw[0] != VERSION ||
      (raw_length - OVERHEAD) % AES_BLOCK_SIZE != 0)
    {
      fail (CHANNELS_FERNET_ERROR_MALFORMED, "not a Fernet token", error);
      return NULL;
    }

  key = find_key (self, raw, raw_length);
  if (key == NULL)
    {
      fail (CHANNELS_FERNET_ERROR_UNKNOWN_KEY, "none of the keys made the token", error);
      return NULL;
    }
  if (!check_time (raw, now, max_age, error))
    return NULL;

  return take_data (key, g_steal_pointer (&raw), raw_length, error);
}
