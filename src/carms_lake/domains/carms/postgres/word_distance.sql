-- In how many steps does a word become another: a letter put in, left out, changed, or two exchanged?
-- `damerau_levenshtein` of DuckDB, for words of a to z and digits.
create or replace function gold.word_distance(one text, other text) returns integer
language plpgsql immutable strict parallel safe as $$
declare
    width constant integer := length(other) + 2;
    far constant integer := length(one) + length(other);
    -- distance[row * width + column + 1], with a border of what is too far.
    distance integer[] := array_fill(far, array[(length(one) + 2) * width]);
    last_row integer[] := array_fill(0, array[128]);
    last_match integer;
    at_row integer;
    is_changed integer;
begin
    for i in 0..length(one) loop
        distance[(i + 1) * width + 2] := i;
    end loop;
    for j in 0..length(other) loop
        distance[width + j + 2] := j;
    end loop;
    for i in 1..length(one) loop
        last_match := 0;
        for j in 1..length(other) loop
            at_row := last_row[ascii(substr(other, j, 1))];
            is_changed := (substr(one, i, 1) <> substr(other, j, 1))::integer;
            distance[(i + 1) * width + j + 2] := least(
                distance[i * width + j + 1] + is_changed,
                distance[(i + 1) * width + j + 1] + 1,
                distance[i * width + j + 2] + 1,
                distance[at_row * width + last_match + 1] + (i - at_row - 1) + 1 + (j - last_match - 1)
            );
            if is_changed = 0 then
                last_match := j;
            end if;
        end loop;
        last_row[ascii(substr(one, i, 1))] := i;
    end loop;
    return distance[(length(one) + 1) * width + length(other) + 2];
end
$$
