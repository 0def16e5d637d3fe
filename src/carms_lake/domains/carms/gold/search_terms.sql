-- Grain: one row per word of a text, in its order.
-- Question: under which terms is a word kept, in the index and in queries?
with texts as (
    select unnest(of_texts::varchar[]) as text, generate_subscripts(of_texts::varchar[], 1) as text_ordinal
),
folded as (
    -- Ligatures and soft hyphens come from PDF files; strip_accents leaves them as they are.
    select
        text_ordinal,
        regexp_extract_all(
            replace(replace(replace(replace(replace(replace(replace(
                strip_accents(lower(nfc_normalize(text))),
                'œ', 'oe'), 'æ', 'ae'), 'ﬃ', 'ffi'), 'ﬀ', 'ff'), 'ﬁ', 'fi'), 'ﬂ', 'fl'), chr(173), ''),
            '[a-z0-9]{2,}'
        ) as words
    from texts
),
spelt as (
    select text_ordinal, generate_subscripts(words, 1) as word_ordinal, left(unnest(words), 40) as word
    from folded
)
select
    text_ordinal::bigint as text_ordinal,
    word_ordinal::bigint as word_ordinal,
    -- One ending at most: what is left after one of them has none of the next.
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        word,
        '^(..+)ies$|^(...+)ie$', '\1\2y'),  -- families, maladie
        '^(..+)aux$', '\1al'),  -- regionaux
        '^(..+(al|e))es?$', '\1'),  -- rurales, eloignee
        '^(..+[^s])s$|^(...+)x$', '\1\2') as term,  -- towns, lieux
    -- One text, and no list or concatenation: planning those takes longer than looking at the text.
    contains('
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
    ', ' ' || word || ' ') as is_stop_word
from spelt
