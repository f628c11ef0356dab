/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include <string.h>

/* Runs a target where libFuzzer is not: every file of the folders that are given, then mutations of
 * them. The seed is fixed, so that a failure is the same for everybody. */

#define SEED 20260101
#define N_MUTATIONS 2000

/* A mutation is one to so many changes. */
#define CHANGES_MAX 4

/* No mutation grows past this: what is slow is not what is looked for here. */
#define INPUT_MAX 65536

/* In memory that ends where the input ends, so that a sanitizer sees whoever reads on. */
static void
run (const GByteArray *input)
{
  g_autofree guint8 *exact = g_memdup2 (input->data, input->len);

  LLVMFuzzerTestOneInput (exact, input->len);
}

static GByteArray *
copy (const GByteArray *input)
{
  return g_byte_array_append (g_byte_array_sized_new (input->len), input->data, input->len);
}

static guint
pick (GRand *rand, guint n)
{
  return n > 0 ? g_rand_int (rand) % n : 0;
}

/* The length of a piece: 1 to @most bytes, and no more than there are. */
static guint
pick_length (GRand *rand, guint most, guint available)
{
  guint length = pick (rand, most) + 1;

  return MIN (length, available);
}

/* Puts a piece of @from at @position of @input. */
static void
splice (GByteArray *input, guint position, const GByteArray *from, GRand *rand)
{
  guint start = pick (rand, from->len);
  guint length = pick_length (rand, 64, from->len - start);
  guint tail = input->len - position;
  g_autofree guint8 *piece = g_memdup2 (from->data + start, length);

  if (input->len + length > INPUT_MAX)
    return;

  g_byte_array_set_size (input, input->len + length);
  memmove (input->data + position + length, input->data + position, tail);
  memcpy (input->data + position, piece, length);
}

static void
change (GByteArray *input, const GByteArray *other, GRand *rand)
{
  static const guint8 edges[] = { 0x00, 0x01, 0x0A, 0x1F, 0x20, 0x7F, 0x80, 0xC0, 0xED, 0xFF };
  guint position = pick (rand, input->len);

  switch (input->len > 0 ? pick (rand, 6) : 5)
    {
    case 0:
      input->data[position] ^= (guint8) (1 << pick (rand, 8));
      break;
    case 1:
      input->data[position] = edges[pick (rand, G_N_ELEMENTS (edges))];
      break;
    case 2:
      input->data[position] = input->data[pick (rand, input->len)];
      break;
    case 3:
      g_byte_array_remove_range (input, position, pick_length (rand, 16, input->len - position));
      break;
    case 4:
      splice (input, position, input, rand);
      break;
    default:
      if (other->len > 0)
        splice (input, position, other, rand);
      break;
    }
}

static void
run_mutations (GPtrArray *corpus)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);

  for (guint i = 0; i < N_MUTATIONS; i++)
    {
      g_autoptr (GByteArray) input = copy (g_ptr_array_index (corpus, pick (rand, corpus->len)));
      guint n_changes = pick (rand, CHANGES_MAX) + 1;

      for (guint j = 0; j < n_changes; j++)
        change (input, g_ptr_array_index (corpus, pick (rand, corpus->len)), rand);
      run (input);
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* In the order of their names: a folder's own is nobody's. */
static gboolean
load_folder (const char *folder, GPtrArray *corpus, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  const char *name;

  if (dir == NULL)
    return FALSE;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    {
      char *contents;
      gsize length;

      if (!g_file_get_contents (g_ptr_array_index (names, i), &contents, &length, error))
        return FALSE;
      g_ptr_array_add (corpus, g_byte_array_new_take ((guint8 *) contents, length));
    }

  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) corpus =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  g_autoptr (GError) error = NULL;

  for (int i = 1; i < argc; i++)
    if (!load_folder (argv[i], corpus, &error))
      {
        g_printerr ("%s\n", error->message);
        return 1;
      }

  if (corpus->len == 0)
    {
      g_printerr ("Usage: %s CORPUS…, with at least one file\n", argv[0]);
      return 2;
    }

  for (guint i = 0; i < corpus->len; i++)
    run (g_ptr_array_index (corpus, i));
  run_mutations (corpus);

  return 0;
}
