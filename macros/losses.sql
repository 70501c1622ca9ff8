{# What a landing table has lost since its last good capture, as rows of an audit. A source that is cut in the middle would else be
   captured as deletions, and one that lost a column as a change of every row. It bounds what may be there again, too: a month that
   is delivered twice. Var `aceptadas` names tables whose changes are right. #}
{% macro what_is_lost(model) -%}
    {%- set tabla = model.identifier -%}
    {%- set captured = captured_relation(tabla) if execute else none -%}
    {%- if captured is none -%}
{{ nothing_to_tell() }}
    {%- else -%}
        {%- set columns = adapter.get_columns_in_relation(captured) | map(attribute='name') | reject('in', dbt_snapshot_columns()) | list -%}
with
antes as ({{ current_rows(captured) }}),

ahora as (select * from {{ model }}),

{{ lost_shares(columns) }},

{{ lost_courses() if tabla == 'cursos' else lost_groups(tabla, columns) }},

final as (
    select columna, valor, problema from partes
    union all
    select columna, valor, problema from grupos
)

select
    '{{ tabla }}' as tabla,
    (select any_value(archivo) from ahora) as archivo,
    cast(null as bigint) as fila,
    columna,
    valor,
    problema,
    'deliver the table whole and once; if it is right as it is, accept it once: aforo run --accept {{ tabla }}' as remedio
from final
    {%- endif -%}
{%- endmacro %}


{# The snapshot of the table; none where nothing was captured of it, or its changes are accepted. #}
{% macro captured_relation(tabla) -%}
    {%- set relation = adapter.get_relation(database=target.database, schema='snapshots', identifier=tabla) -%}
    {%- if relation is none or tabla in of_this_run('aceptadas') or not newest_capture(tabla) -%}{{ return(none) }}{%- endif -%}
    {{ return(relation) }}
{%- endmacro %}


{% macro current_rows(snapshot) -%}
select * from {{ snapshot }} where dbt_valid_to is null and dbt_is_deleted = 'False'
{%- endmacro %}


{# Rows in all, values of a column, rows and students of a period: how large a share may be gone, or be there twice. The newest
   period captured may grow as it likes. #}
{% macro lost_shares(columns) -%}
    {%- set measures = [{'name': 'rows', 'sql': 'count(*)', 'by': none, 'column': none}] -%}
    {%- for column in columns -%}
        {%- do measures.append({'name': 'values', 'sql': 'count(' ~ column ~ ')', 'by': none, 'column': column}) -%}
    {%- endfor -%}
    {%- if 'periodo' in columns -%}
        {%- do measures.append({'name': 'rows', 'sql': 'count(*)', 'by': 'periodo', 'column': none}) -%}
    {%- endif -%}
    {%- if 'matriculados' in columns -%}
        {%- do measures.append({'name': 'students', 'sql': 'sum(matriculados)', 'by': 'periodo', 'column': none}) -%}
    {%- endif -%}
medidas as (
    {%- for m in measures %}
    {{ 'union all' if not loop.first }}
    select
        {{ "'" ~ m.column ~ "'" if m.column else "case when a.grupo is not null then 'periodo' end" }} as columna,
        cast(a.grupo as varchar) as valor,
        '{{ m.name }}' as medida,
        a.cantidad as antes,
        coalesce(b.cantidad, 0) as ahora,
        {{ var('caida_periodo_maxima') if m.by else var('caida_maxima') }} as caida_maxima,
        {{ 'a.grupo < max(a.grupo) over ()' if m.by else 'false' }} as es_pasado
    from (select {{ m.by or 'null' }} as grupo, {{ m.sql }} as cantidad from antes group by all) as a
    left join (select {{ m.by or 'null' }} as grupo, {{ m.sql }} as cantidad from ahora group by all) as b
        on a.grupo is not distinct from b.grupo
    {%- endfor %}
),

partes as (
    select
        columna,
        valor,
        case
            when ahora = 0 and valor is not null then 'the period was captured before and has no ' || medida || ' now'
            when ahora < antes
                then
                    'there are ' || cast(ahora as varchar) || ' ' || medida || ' where the last good capture has ' || cast(antes as varchar)
                    || ': more than ' || cast(cast(100 * caida_maxima as integer) as varchar) || ' % are gone'
            else
                'there are ' || cast(ahora as varchar) || ' ' || medida || ' where the last good capture has ' || cast(antes as varchar)
                || ': is the period there twice?'
        end as problema
    from medidas
    where
        (
            ahora < antes * (1 - caida_maxima)
            -- Where rows are gone, their values are too.
            and (medida <> 'values' or ahora < antes * (1 - caida_maxima) * least(1, (select m.ahora / m.antes from medidas as m where m.medida = 'rows' and m.valor is null)))
        )
        or (es_pasado and ahora > antes * (1 + {{ var('alza_periodo_maxima') }}) and ahora > antes + 10)
)
{%- endmacro %}


{# Campuses, programmes and lines that past periods had and that are gone from them, however small their share is: from all of
   their periods, or from more than one of the newest (one alone may be a correction). A period is past that is not the newest
   captured; the newest ones are as many as the backtest judges by. What is not there in a new period has closed: no loss. #}
{% macro lost_groups(tabla, columns) -%}
    {%- set catalogue = captured_catalogue() if tabla == 'programacion' else none -%}
    {%- set groups = [] -%}
    {%- for column in ('sede', 'programa', 'linea') if 'periodo' in columns and (column in columns or catalogue) -%}
        {%- do groups.append({'name': column, 'of_course': column not in columns}) -%}
    {%- endfor -%}
    {%- if not groups -%}
grupos as (select '' as columna, '' as valor, '' as problema where false)
    {%- else -%}
    {%- if catalogue -%}
catalogo as ({{ catalogue }}),
    {%- endif %}

{%- for state in ('antes', 'ahora') %}
grupos_{{ state }} as (
    {%- for g in groups %}
    {{ 'union all' if not loop.first }}
    select
        '{{ g.name }}' as columna,
        {{ 'c' if g.of_course else 't' }}.{{ g.name }} as valor,
        t.periodo,
        count(*) as filas
    from {{ state }} as t
    {%- if g.of_course %}
    inner join catalogo as c on t.curso = c.curso
    {%- endif %}
    group by all
    {%- if state == 'antes' and 'matriculados' in columns %}
    having sum(t.matriculados) > 0
    {%- endif %}
    {%- endfor %}
),

{% endfor -%}
-- Sections of courses that the captured catalogue does not know: their codes may be new, and they no loss.
sin_catalogo as (
    select periodo, count(*) as filas
    from ahora
    where {{ 'curso not in (select c.curso from catalogo as c)' if catalogue else 'false' }}
    group by all
),

pasados as (
    select periodo, row_number() over (order by periodo desc) - 1 as antiguedad
    from (select distinct periodo from antes)
    where periodo in (select a.periodo from ahora as a)
    qualify antiguedad > 0
),

grupos as (
    select
        a.columna,
        a.valor,
        'it has no rows in ' || cast(count(*) filter (where b.filas is null) as varchar) || ' of its ' || cast(count(*) as varchar)
        || ' past periods that were captured, ' || cast(min(a.periodo) filter (where b.filas is null) as varchar)
        || ' to ' || cast(max(a.periodo) filter (where b.filas is null) as varchar) as problema
    from grupos_antes as a
    inner join pasados as p on a.periodo = p.periodo
    left join grupos_ahora as b on a.columna = b.columna and a.valor = b.valor and a.periodo = b.periodo
    left join sin_catalogo as s on a.periodo = s.periodo and a.columna <> 'sede'
    where a.valor is not null and (b.filas is not null or coalesce(s.filas, 0) < a.filas)
    group by a.columna, a.valor
    having
        count(b.filas) = 0
        or count(*) filter (where b.filas is null and p.antiguedad <= {{ var('origenes_backtest') | int }}) > 1
)
    {%- endif -%}
{%- endmacro %}


{# Programmes and lines of which the catalogue holds no course any more, though the newest periods captured had their classes. #}
{% macro lost_courses() -%}
    {%- set sections = captured_relation('programacion') -%}
    {%- set codes = captured_catalogue() -%}
    {%- if not sections or not codes -%}
grupos as (select '' as columna, '' as valor, '' as problema where false)
    {%- else -%}
dictados as (
    select distinct c.curso_actual
    from ({{ current_rows(sections) }}) as s
    inner join ({{ codes }}) as c on s.curso = c.curso
    where s.matriculados > 0
    qualify dense_rank() over (order by s.periodo desc) <= {{ var('origenes_backtest') | int }}
),

grupos as (
    {%- for column in ('programa', 'linea') %}
    {{ 'union all' if not loop.first }}
    select
        '{{ column }}' as columna,
        a.{{ column }} as valor,
        'none of its ' || cast(count(*) as varchar) || ' courses is there, of which ' || cast(count(d.curso_actual) as varchar)
        || ' had students in the newest periods captured' as problema
    from antes as a
    left join ahora as b on a.curso_actual = b.curso_actual
    left join dictados as d on a.curso_actual = d.curso_actual
    where a.{{ column }} is not null and a.{{ column }} not in (select n.{{ column }} from ahora as n where n.{{ column }} is not null)
    group by all
    having count(b.curso_actual) = 0 and count(d.curso_actual) > 0
    {%- endfor %}
)
    {%- endif -%}
{%- endmacro %}


{# Every course code that was captured, with its course of today, programme and line, as a select; none where there are none. #}
{% macro captured_catalogue() -%}
    {%- set courses = adapter.get_relation(database=target.database, schema='snapshots', identifier='cursos') -%}
    {%- set codes = adapter.get_relation(database=target.database, schema='snapshots', identifier='equivalencia_cursos') -%}
    {%- if courses is none or codes is none -%}{{ return(none) }}{%- endif -%}
    {%- set courses = '(' ~ current_rows(courses) ~ ')' -%}
    {{ return(
        "select curso_actual as curso, curso_actual, programa, linea from " ~ courses
        ~ " union select e.curso, e.curso_actual, c.programa, c.linea from (" ~ current_rows(codes) ~ ") as e"
        ~ " inner join " ~ courses ~ " as c on e.curso_actual = c.curso_actual"
    ) }}
{%- endmacro %}
