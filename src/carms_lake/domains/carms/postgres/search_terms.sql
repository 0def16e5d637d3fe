-- Which terms has each text? As the macro of gold, whose comments say why.
create or replace function gold.search_terms(of_texts text[])
returns table (text_ordinal bigint, word_ordinal bigint, term text, is_stop_word boolean)
language sql immutable parallel safe as $$
with folded as (
    -- Case after accents: then it is ASCII, whatever the language of the database is.
    select
        texts.text_ordinal,
        lower(replace(replace(replace(replace(replace(replace(replace(replace(replace(
            regexp_replace(normalize(texts.text, NFD), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]', '', 'g'),
            'œ', 'oe'), 'Œ', 'oe'), 'æ', 'ae'), 'Æ', 'ae'), 'ﬃ', 'ffi'), 'ﬀ', 'ff'), 'ﬁ', 'fi'), 'ﬂ', 'fl'),
            chr(173), '') collate "C") as text
    from unnest(of_texts) with ordinality as texts (text, text_ordinal)
),
spelt as (
    select folded.text_ordinal, found.word_ordinal, left(found.words[1], 40) as word
    from folded
    cross join lateral regexp_matches(folded.text, '[a-z0-9]{2,}', 'g')
        with ordinality as found (words, word_ordinal)
)
select
    spelt.text_ordinal,
    spelt.word_ordinal,
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        spelt.word,
        '^(..+)ies$|^(...+)ie$', '\1\2y'),
        '^(..+)aux$', '\1al'),
        '^(..+(al|e))es?$', '\1'),
        '^(..+[^s])s$|^(...+)x$', '\1\2'),
    position(' ' || spelt.word || ' ' in '
        | a about above after again ai all alors also am an and any are as at au aucun aura aurait auront |
        | aussi autre autres aux avec avez avoir avons be because been before being below between both but by |
        | can car ce cela celle celles celui ces cet cette ceux chaque comme comment could dans de depuis des |
        | did do does doing donc dont down du during each elle elles en encore entre est et etaient etait |
        | etant etc ete etes etre eux fait faut few for from further had has have having he her here hers him |
        | his how if il ils in into is it its itself je jusqu just la laquelle le lequel les lesquelles |
        | lesquels leur leurs lors lui ma mais may me meme memes mes might moi moins mon more most must my ne |
        | ni no nor nos not notre nous now of off on once only ont or other ou our ours out over own par pas |
        | per peu peut peuvent plus pour pourra pourrait puis qu quand que quel quelle quelles quels qui quoi |
        | sa same sans se selon sera serait seront ses shall she should si so soit some sommes son sont sous |
        | such sur ta te tes than that the their theirs them then there these they this those through to toi |
        | ton too tous tout toute toutes tres tu un under une until up upon us vers very vos votre vous was we |
        | were what when where which while who whom why will with within without would you your yours |
    ') > 0
from spelt
$$
