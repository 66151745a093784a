/* Tests of base/escape.h: nothing untrusted acts where it is shown. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/escape.h"

typedef struct {
    const char *from, *to;
} Pair;

static void expect_pairs(char *(*escape)(const char *), const Pair *pairs, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *got = escape(pairs[i].from);
        cr_expect_str_eq(got, pairs[i].to);
    }
}

static char *one_line(const char *text)
{
    return escape_text(text, -1, 1000, FALSE);
}

static char *several_lines(const char *text)
{
    return escape_text(text, -1, 1000, TRUE);
}

Test(escape, text_makes_what_acts_visible)
{
    static const Pair pairs[] = {
        {"", ""},
        {"plain \\ text: ä € 漢 e\xcc\x81", "plain \\ text: ä € 漢 e\xcc\x81"},
        {"a\u0300\u0301\u0302\u0303\u0304\u0305b", "a\u0300\u0301\u0302\u0303\\u0304\\u0305b"},
        {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
        {"bell\a del\x7f", "bell\\x07 del\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\u009b31m"}, /* CSI of C1 */
        {"\xe2\x80\xae"
         "evil\xe2\x81\xa6",
         "\\u202eevil\\u2066"}, /* bidirectional */
        {"\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf", "\\u200b\\u200d\\ufeff"},
        {"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
        {"\xf3\xa0\x81\x81", "\\U000e0041"}, /* a tag character */
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80"}, /* overlong, surrogate */
        {"a\tb", "a    b"},
        {"a\nb\rc", "a\\nb\\rc"},
        {"from Windows\r", "from Windows"},
    };
    expect_pairs(one_line, pairs, G_N_ELEMENTS(pairs));
}

Test(escape, text_of_several_lines_keeps_them)
{
    static const Pair pairs[] = {
        {"a\nb", "a\nb"},
        {"a\r\nb\r\n", "a\nb\n"},
        {"over\rwritten", "over\\rwritten"},
    };
    expect_pairs(several_lines, pairs, G_N_ELEMENTS(pairs));
}

Test(escape, text_takes_a_length)
{
    g_autofree char *inner = escape_text("ab\0cd", 5, 100, FALSE);
    g_autofree char *part = escape_text("abcd", 2, 100, FALSE);
    g_autofree char *broken = escape_text("\xe2\x82\xac", 2, 100, FALSE);
    cr_assert_str_eq(inner, "ab\\x00cd");
    cr_assert_str_eq(part, "ab");
    cr_assert_str_eq(broken, "\\xe2\\x82");
}

Test(escape, text_is_cut_between_characters)
{
    static const struct {
        const char *from;
        gsize limit;
        const char *to;
    } cases[] = {
        {"abcdef", 6, "abcdef"},
        {"abcdefg", 6, "abc..."},
        {"ab\xe2\x82\xac"
         "defg",
         7, "ab..."}, /* the euro sign takes three bytes */
        {"ab\x1b"
         "defg",
         8, "ab..."},
        {"abcdef", 3, "..."},
        {"abcdef", 2, ".."},
        {"abcdef", 0, ""},
        {"", 0, ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = escape_text(cases[i].from, -1, cases[i].limit, FALSE);
        cr_expect_str_eq(got, cases[i].to);
        cr_expect(strlen(got) <= cases[i].limit);
    }
}

Test(escape, html)
{
    static const Pair pairs[] = {
        {"<script>\"a\" & 'b'</script>",
         "&lt;script&gt;&quot;a&quot; &amp; &apos;b&apos;&lt;/script&gt;"},
        {"a\nb\x01\xff", "a\nb\\x01\\xff"},
    };
    expect_pairs(escape_html, pairs, G_N_ELEMENTS(pairs));
}

Test(escape, markdown)
{
    static const Pair pairs[] = {
        {"weights[1][2] is 0.5", "weights\\[1\\]\\[2\\] is 0.5"},
        {"*a* _b_ `c` ~d~ <e> a|b &amp; $x$ #1",
         "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\<e\\> a\\|b \\&amp; \\$x\\$ \\#1"},
        {"@all", "@<!-- -->all"},
        {"a_name_of_C _x_ __y__ z_", "a_name_of_C \\_x\\_ \\_\\_y\\_\\_ z\\_"},
        {"- item", "\\- item"},
        {"  + item", "\\+ item"},
        {"12. item", "12\\. item"},
        {"12) item", "12\\) item"},
        {"12.5", "12\\.5"},
        {"-1.5e-3", "\\-1.5e-3"},
        {"see https://evil.example", "see https\\://evil.example"},
        {"see www.evil.example", "see www\\.evil.example"},
        {"a: b", "a: b"},
        {"a\nb\x1b", "a\\\\nb\\\\x1b"},
        {"", ""},
    };
    expect_pairs(escape_markdown, pairs, G_N_ELEMENTS(pairs));
}

Test(escape, csv)
{
    static const Pair pairs[] = {
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"a;b", "\"a;b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {" blank", "\" blank\""},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "\"'    =1\""},
        {"\r=1", "'\\r=1"},
        {"  =1", "\"'  =1\""},
        {"\xef\xbc\x9d"
         "1",
         "'\xef\xbc\x9d"
         "1"},
        {"=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""},
        {"a=b", "a=b"},
        {"", ""},
    };
    expect_pairs(escape_csv, pairs, G_N_ELEMENTS(pairs));
}

Test(escape, github)
{
    static const Pair messages[] = {
        {"100% of a:b,c", "100%25 of a:b,c"},
        {"a\n::error::b\r\n", "a%0A::error::b%0A"},
        {"\x1b%0A", "\\x1b%250A"},
    };
    static const Pair properties[] = {
        {"100% of a:b,c", "100%25 of a%3Ab%2Cc"},
        {"a\nb", "a%0Ab"},
    };
    expect_pairs(escape_github_message, messages, G_N_ELEMENTS(messages));
    expect_pairs(escape_github_property, properties, G_N_ELEMENTS(properties));
}

/* U+009B begins an escape sequence like ESC [; the last one is beyond 16 bits. */
Test(escape, json)
{
    static const Pair pairs[] = {
        {"{\n \"a\": \"\u00fc\u20ac\"\n}\n", "{\n \"a\": \"\u00fc\u20ac\"\n}\n"},
        {"\"\xc2\x9b"
         "31m\x7f\"",
         "\"\\u009b31m\\u007f\""},
        {"\"\u202e\ufeff\"", "\"\\u202e\\ufeff\""},
        {"\"\U000e0041\"", "\"\\udb40\\udc41\""},
    };
    expect_pairs(escape_json, pairs, G_N_ELEMENTS(pairs));
}
