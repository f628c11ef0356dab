/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-fernet.h"
#include "channels-test-hex.h"

#include <string.h>

/* The key and the time of the specification's vectors: cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=
 * out of its base64, and 1985-10-26T01:20:00-07:00. */
#define SPEC_KEY "730ff4c7af3d46923e8ed451ee813c87f790b0a226bc96a92de49b5e9c05e1ee"
#define SPEC_NOW 499162800
#define SPEC_TOKEN                                                                                 \
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4"  \
  "IwqDA=="

#define NOW 1767225600
#define AGE 70

static ChannelsFernet *
from_key (const char *hex)
{
  g_autoptr (GByteArray) key = channels_test_from_hex (hex);
  ChannelsFernet *fernet = channels_fernet_new ();

  g_assert_cmpuint (key->len, ==, CHANNELS_FERNET_KEY_SIZE);
  channels_fernet_add_key (fernet, key->data);
  return fernet;
}

static ChannelsFernet *
from_secrets (const char *first, const char *second)
{
  ChannelsFernet *fernet = channels_fernet_new ();

  channels_fernet_add_secret (fernet, first);
  if (second != NULL)
    channels_fernet_add_secret (fernet, second);
  return fernet;
}

/* A token for "hello", made at @now. */
static char *
encrypt (ChannelsFernet *fernet, gint64 now)
{
  g_autoptr (GByteArray) token = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  channels_fernet_encrypt (fernet, token, (const guint8 *) "hello", 5, now, &error);
  g_assert_no_error (error);
  return g_strndup ((const char *) token->data, token->len);
}

static GBytes *
decrypt (ChannelsFernet *fernet, const char *token, gint64 now, gint64 max_age, GError **error)
{
  /* In memory that ends where the token ends, so that a sanitizer sees whoever reads on. */
  gsize length = strlen (token);
  g_autofree guint8 *exact = g_memdup2 (token, length);

  return channels_fernet_decrypt (fernet, exact, length, now, max_age, error);
}

static void
assert_opens (ChannelsFernet *fernet, const char *token, gint64 now, gint64 max_age)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = decrypt (fernet, token, now, max_age, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "hello", 5);
}

static void
assert_refused (ChannelsFernet *fernet,
                const char *token,
                gint64 now,
                gint64 max_age,
                ChannelsFernetError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (decrypt (fernet, token, now, max_age, &error));
  g_assert_error (error, CHANNELS_FERNET_ERROR, (int) code);
}

static void
test_fernet_spec_generate (void)
{
  g_autoptr (ChannelsFernet) fernet = from_key (SPEC_KEY);
  g_autoptr (GByteArray) iv = channels_test_from_hex ("000102030405060708090a0b0c0d0e0f");
  g_autoptr (GByteArray) out = channels_test_from_hex ("beef");

  g_test_summary ("The specification's token is made, behind what was there");

  channels_fernet_encrypt_with_iv (fernet, out, (const guint8 *) "hello", 5, SPEC_NOW, iv->data);

  g_assert_cmpmem (out->data + 2, out->len - 2, SPEC_TOKEN, strlen (SPEC_TOKEN));
}

static void
test_fernet_spec_verify (void)
{
  g_autoptr (ChannelsFernet) fernet = from_key (SPEC_KEY);

  g_test_summary ("The specification's token is opened, with an age and without");

  assert_opens (fernet, SPEC_TOKEN, SPEC_NOW + 1, 60);
  assert_opens (fernet, SPEC_TOKEN, SPEC_NOW + 1, CHANNELS_FERNET_ANY_AGE);
}

/* The specification's tokens that are none. */
static const struct
{
  const char *what;
  const char *token;
  gint64 now;
  ChannelsFernetError code;
} invalid[] = {
  { "incorrect mac",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-"
    "szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFB"
    "QQ==",
    SPEC_NOW + 1, CHANNELS_FERNET_ERROR_UNKNOWN_KEY },
  { "too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==", SPEC_NOW + 1,
    CHANNELS_FERNET_ERROR_MALFORMED },
  { "invalid base64",
    "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-"
    "p1YsUD"
    "2Q==",
    SPEC_NOW + 1, CHANNELS_FERNET_ERROR_MALFORMED },
  { "payload size not multiple of block size",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_"
    "v7mrfyudzUm",
    SPEC_NOW + 1, CHANNELS_FERNET_ERROR_MALFORMED },
  { "payload padding error",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-"
    "JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqO"
    "hw==",
    SPEC_NOW + 1, CHANNELS_FERNET_ERROR_MALFORMED },
  { "far-future TS (unacceptable clock skew)",
    "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_"
    "qXQ"
    "cw==",
    SPEC_NOW + 1, CHANNELS_FERNET_ERROR_FROM_FUTURE },
  { "expired TTL",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-"
    "p1YsUD"
    "2Q==",
    SPEC_NOW + 91, CHANNELS_FERNET_ERROR_TOO_OLD },
  { "incorrect IV (causes padding error)",
    "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-"
    "fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1"
    "zQ==",
    SPEC_NOW + 1, CHANNELS_FERNET_ERROR_MALFORMED },
  { "very short payload size", "gAAAAABdnQ1TUKh2OE_ggbyCIxfg", SPEC_NOW + 1,
    CHANNELS_FERNET_ERROR_MALFORMED },
  { "super short payload size", "gAAA", SPEC_NOW + 1, CHANNELS_FERNET_ERROR_MALFORMED },
  { "no payload", "", SPEC_NOW + 1, CHANNELS_FERNET_ERROR_MALFORMED },
};

static void
test_fernet_spec_invalid (void)
{
  g_autoptr (ChannelsFernet) fernet = from_key (SPEC_KEY);

  g_test_summary ("The specification's invalid tokens are refused, each for its reason");

  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    {
      g_test_message ("%s", invalid[i].what);
      assert_refused (fernet, invalid[i].token, invalid[i].now, 60, invalid[i].code);
    }
}

/* Made with Python's cryptography 38.0.4, as channels_redis uses it: Fernet (urlsafe_b64encode
 * (sha256 (secret).digest ()))._encrypt_from_parts (data, now, bytes (range (16, 32))). */
static const struct
{
  const char *secret;
  gint64 now;
  const char *data; /* in hexadecimal */
  const char *token;
} rows[] = {
  { "secret", 0, "",
    "gAAAAAAAAAAAEBESExQVFhcYGRobHB0eH0xp5u8FUQE6StOZ9WIk_WgunRcmyFGYSfPr_H0HZApuAjJ0_hP6Q56eArj_6_"
    "gcRA==" },
  { "secret", 1, "61",
    "gAAAAAAAAAABEBESExQVFhcYGRobHB0eH9k4bmhnsqhxir7sT2F6kt3coF2mVbPhHCVk5aBrqHXu883WtIAUUBcXOG6URO"
    "ROLA==" },
  { "secret", 1767225600, "303132333435363738396162636465",
    "gAAAAABpVbkAEBESExQVFhcYGRobHB0eH2TDipR2RcVYcBjJ7ATc8iLWhNhJzqxI64ut_Nz92GOZ-"
    "VPGukCidy6zvFvfgaFBmg==" },
  { "secret", 1767225600, "30313233343536373839616263646566",
    "gAAAAABpVbkAEBESExQVFhcYGRobHB0eH8051Nh43O-kDZ494YW1xf_"
    "xPLBb7RJQeNiRqq7goRfoJndzqSnQjWRsuC5OczKZvmaTfxWo1fPu9BXXKu9N-Fc=" },
  { "secret", 1767225600, "3031323334353637383961626364656630",
    "gAAAAABpVbkAEBESExQVFhcYGRobHB0eH8051Nh43O-"
    "kDZ494YW1xf9s3IDXgqqJauqO9kE7ortyIOACDBnSXRy8CInjnQ-A9AWUnlxkQn_6I1kqn8MGfLE=" },
  { "聊天 with spaces and more than thirty-two bytes", 4294967296,
    "82a474797065ac636861742e6d657373616765a76d657373616765a668c3a96c6c6f",
    "gAAAAAEAAAAAEBESExQVFhcYGRobHB0eH1aJIwTS-"
    "WMJpH1ywki7HZqUrG5Qs0i1R7gBjsWGCCBm7l3c4l7rcAzcDIzIFlJo2-"
    "iMF6bnO5o41EYzJ2NEwHKgHhDnxnALMrecBPf93vTx" },
  { "s", 9223372036854775807, "0009121b242d363f48515a636c757e879099a2abb4bdc6cfd8e1eaf3fc",
    "gH__________EBESExQVFhcYGRobHB0eH5Kjnc2BhHCM1wUQeDuhRc_5KEjHn9ht3d8FaZapeCU_"
    "U3yMTt3EDQQ9ZKh74ZeRBJMyy9ceTUi_62kAnVz7mPg=" },
};

static void
test_fernet_as_python (void)
{
  g_autoptr (GByteArray) iv = channels_test_from_hex ("101112131415161718191a1b1c1d1e1f");

  g_test_summary ("Tokens are those of Python's cryptography, and the other way round");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ChannelsFernet) fernet = from_secrets (rows[i].secret, NULL);
      g_autoptr (GByteArray) data = channels_test_from_hex (rows[i].data);
      g_autoptr (GByteArray) token = g_byte_array_new ();
      g_autoptr (GBytes) found = NULL;

      channels_fernet_encrypt_with_iv (fernet, token, data->data, data->len, rows[i].now, iv->data);
      found = decrypt (fernet, rows[i].token, rows[i].now, 0, NULL);

      g_assert_cmpmem (token->data, token->len, rows[i].token, strlen (rows[i].token));
      g_assert_nonnull (found);
      g_assert_cmpmem (g_bytes_get_data (found, NULL), g_bytes_get_size (found), data->data,
                       data->len);
    }
}

static void
test_fernet_any_key_opens (void)
{
  g_autoptr (ChannelsFernet) old = from_secrets ("old", NULL);
  g_autoptr (ChannelsFernet) both = from_secrets ("new", "old");
  g_autoptr (ChannelsFernet) new = from_secrets ("new", NULL);
  g_autofree char *by_old = encrypt (old, NOW);
  g_autofree char *by_both = encrypt (both, NOW);

  g_test_summary (
      "The first key encrypts, and any decrypts: keys can be changed one node at a time");

  assert_opens (both, by_old, NOW, AGE);
  assert_opens (both, by_both, NOW, AGE);
  assert_opens (new, by_both, NOW, AGE);
  assert_refused (old, by_both, NOW, AGE, CHANNELS_FERNET_ERROR_UNKNOWN_KEY);
  assert_refused (new, by_old, NOW, AGE, CHANNELS_FERNET_ERROR_UNKNOWN_KEY);
}

static void
test_fernet_without_keys (void)
{
  g_autoptr (ChannelsFernet) fernet = channels_fernet_new ();

  g_test_summary ("Without keys, no token is known");

  assert_refused (fernet, SPEC_TOKEN, SPEC_NOW, AGE, CHANNELS_FERNET_ERROR_UNKNOWN_KEY);
}

static void
test_fernet_age (void)
{
  g_autoptr (ChannelsFernet) fernet = from_secrets ("secret", NULL);
  g_autofree char *token = encrypt (fernet, NOW);

  g_test_summary ("A token may be as old as its age and 60 s ahead, and not a second more");

  assert_opens (fernet, token, NOW + AGE, AGE);
  assert_refused (fernet, token, NOW + AGE + 1, AGE, CHANNELS_FERNET_ERROR_TOO_OLD);
  assert_opens (fernet, token, NOW - 60, AGE);
  assert_refused (fernet, token, NOW - 61, AGE, CHANNELS_FERNET_ERROR_FROM_FUTURE);
  assert_opens (fernet, token, NOW, 0);
  assert_refused (fernet, token, NOW + 1, 0, CHANNELS_FERNET_ERROR_TOO_OLD);
}

static void
test_fernet_age_at_the_ends (void)
{
  g_autoptr (ChannelsFernet) fernet = from_secrets ("secret", NULL);
  g_autofree char *first = encrypt (fernet, 0);
  g_autofree char *last = encrypt (fernet, G_MAXINT64);

  g_test_summary ("The first and the last moment are compared as all others");

  assert_opens (fernet, first, AGE, AGE);
  assert_opens (fernet, first, 0, G_MAXINT64);
  assert_refused (fernet, first, G_MAXINT64, AGE, CHANNELS_FERNET_ERROR_TOO_OLD);
  assert_opens (fernet, last, G_MAXINT64, 0);
  assert_opens (fernet, last, G_MAXINT64 - 60, 0);
  assert_refused (fernet, last, 0, G_MAXINT64, CHANNELS_FERNET_ERROR_FROM_FUTURE);
}

static void
test_fernet_any_age (void)
{
  g_autoptr (ChannelsFernet) fernet = from_secrets ("secret", NULL);
  g_autofree char *token = encrypt (fernet, NOW);

  g_test_summary ("Where no age is set, time does not matter");

  assert_opens (fernet, token, 0, CHANNELS_FERNET_ANY_AGE);
  assert_opens (fernet, token, G_MAXINT64, CHANNELS_FERNET_ANY_AGE);
}

static void
test_fernet_changed (void)
{
  g_autoptr (ChannelsFernet) fernet = from_key (SPEC_KEY);

  g_test_summary ("A token with any character changed, or cut anywhere, is none");

  for (gsize i = 0; i < strlen (SPEC_TOKEN); i++)
    {
      g_autofree char *changed = g_strdup (SPEC_TOKEN);
      g_autofree char *cut = g_strndup (SPEC_TOKEN, i);

      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      g_assert_null (decrypt (fernet, changed, SPEC_NOW, AGE, NULL));
      g_assert_null (decrypt (fernet, cut, SPEC_NOW, AGE, NULL));
    }
}

static void
test_fernet_base64_is_strict (void)
{
  static const struct
  {
    const char *what;
    const char *cut;    /* how the token ends, and where it is cut */
    const char *append; /* what is there instead */
  } cases[] = {
    { "no padding", "==", "" },       { "half of it", "==", "=" },
    { "too much", "==", "======" },   { "bits that are not there", "A==", "B==" },
    { "white space", "", "    " },    { "a line's end", "", "\n" },
    { "more behind it", "", "AAAA" },
  };
  g_autoptr (ChannelsFernet) fernet = from_key (SPEC_KEY);

  g_test_summary ("One sequence of bytes has one token");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length = strlen (SPEC_TOKEN) - strlen (cases[i].cut);
      g_autofree char *head = g_strndup (SPEC_TOKEN, length);
      g_autofree char *token = g_strconcat (head, cases[i].append, NULL);

      g_test_message ("%s", cases[i].what);
      g_assert_true (g_str_has_suffix (SPEC_TOKEN, cases[i].cut));
      assert_refused (fernet, token, SPEC_NOW, AGE, CHANNELS_FERNET_ERROR_MALFORMED);
    }
}

static void
test_fernet_base64_is_safe (void)
{
  g_autoptr (ChannelsFernet) fernet = from_key (SPEC_KEY);
  g_autofree char *token = g_strdelimit (g_strdup (SPEC_TOKEN), "_", '/');

  g_test_summary ("The other alphabet of base64 is none of ours");

  g_strdelimit (token, "-", '+');

  assert_refused (fernet, token, SPEC_NOW, AGE, CHANNELS_FERNET_ERROR_MALFORMED);
}

static void
test_fernet_every_token_differs (void)
{
  g_autoptr (ChannelsFernet) fernet = from_secrets ("secret", NULL);
  g_autofree char *first = encrypt (fernet, NOW);
  g_autofree char *second = encrypt (fernet, NOW);

  g_test_summary ("The same data at the same time never has the same token");

  /* The part behind the version and the time: an initialisation vector, 16 bytes from the 9th. */
  g_assert_cmpmem (first, 12, second, 12);
  g_assert_true (strncmp (first + 12, second + 12, 20) != 0);
  assert_opens (fernet, first, NOW, AGE);
  assert_opens (fernet, second, NOW, AGE);
}

static void
test_fernet_size_is_bounded (void)
{
  g_autoptr (ChannelsFernet) fernet = from_secrets ("secret", NULL);
  g_autoptr (GByteArray) token = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *data = g_malloc0 (CHANNELS_FERNET_DATA_MAX);
  g_autoptr (GBytes) found = NULL;

  g_test_summary ("As much as allowed goes into a token, and a longer token is not looked at");

  channels_fernet_encrypt (fernet, token, data, CHANNELS_FERNET_DATA_MAX, NOW, &error);
  g_assert_no_error (error);
  found = channels_fernet_decrypt (fernet, token->data, token->len, NOW, AGE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (found), ==, CHANNELS_FERNET_DATA_MAX);

  g_byte_array_append (token, (const guint8 *) "AAAA", 4);
  g_assert_null (channels_fernet_decrypt (fernet, token->data, token->len, NOW, AGE, &error));
  g_assert_error (error, CHANNELS_FERNET_ERROR, CHANNELS_FERNET_ERROR_MALFORMED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/fernet/spec-generate", test_fernet_spec_generate);
  g_test_add_func ("/fernet/spec-verify", test_fernet_spec_verify);
  g_test_add_func ("/fernet/spec-invalid", test_fernet_spec_invalid);
  g_test_add_func ("/fernet/as-python", test_fernet_as_python);
  g_test_add_func ("/fernet/any-key-opens", test_fernet_any_key_opens);
  g_test_add_func ("/fernet/without-keys", test_fernet_without_keys);
  g_test_add_func ("/fernet/age", test_fernet_age);
  g_test_add_func ("/fernet/age-at-the-ends", test_fernet_age_at_the_ends);
  g_test_add_func ("/fernet/any-age", test_fernet_any_age);
  g_test_add_func ("/fernet/changed", test_fernet_changed);
  g_test_add_func ("/fernet/base64-is-strict", test_fernet_base64_is_strict);
  g_test_add_func ("/fernet/base64-is-safe", test_fernet_base64_is_safe);
  g_test_add_func ("/fernet/every-token-differs", test_fernet_every_token_differs);
  g_test_add_func ("/fernet/size-is-bounded", test_fernet_size_is_bounded);

  return g_test_run ();
}
