{# The audit of a landing table. Each test returns rows that say to a person what is wrong:
   tabla, archivo, fila, columna, valor, problema, remedio. `aforo` prints them; dbt stores them in `auditoria`.
   What a table can be asked without another is one test, as each costs a tenth of a second of every run. #}

{% test auditoria(model, con_filas=false, varios_periodos=false, reglas=[]) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    unnest(problemas, recursive := true)
from {{ model }}
where len(problemas) > 0
    {%- if con_filas %}
union all
select
    '{{ model.identifier }}' as tabla,
    {{ quoted(source_name()) if execute else 'null' }} as archivo,
    null as fila,
    null as columna,
    null as valor,
    'the table has no rows' as problema,
    'deliver the table whole' as remedio
where not exists (select 1 from {{ model }})
    {%- endif %}
    {%- if varios_periodos %}
union all
{{ rule_historia(model) }}
    {%- endif %}
    {%- for regla in reglas %}
union all
        {%- if regla[0] == 'calendario' %}
{{ rule_calendario(model) }}
        {%- elif regla[0] == 'horas' %}
{{ rule_horas(model, regla[1], regla[2]) }}
        {%- else %}
{{ rule_cadenas(model, regla[1]) }}
        {%- endif %}
    {%- endfor %}
union all
from ({{ what_is_lost(model) }})
{% endtest %}

{# A home is one institute's: of the campuses and of the courses that it holds, the delivery knows some. Renamed, closed and new
   ones are changes as any other; hardly any in common is another institute's source. #}
{% test mismo_instituto(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
{%- set captured = captured_relation(model.identifier) if execute else none %}
{%- if captured is none %}
{{ nothing_to_tell() }}
{%- else %}
with
codigos as (
    {%- for columna in ('sede', 'curso') %}
    {{ 'union all' if not loop.first }}
    select '{{ columna }}' as columna, {{ columna }} as codigo, bool_or(capturado) as capturado, bool_or(not capturado) as entregado
    from (
        select {{ columna }}, true as capturado from ({{ current_rows(captured) }})
        union all
        select {{ columna }}, false as capturado from {{ model }}
    )
    where {{ columna }} is not null
    group by all
    {%- endfor %}
)

select
    '{{ model.identifier }}' as tabla,
    (select any_value(archivo) from {{ model }}) as archivo,
    cast(null as bigint) as fila,
    columna,
    cast(null as varchar) as valor,
    'hardly any is one that was captured in this home (' || cast(count(*) filter (where capturado and entregado) as varchar) || ' of '
    || cast(count(*) filter (where entregado) as varchar) || '): the source is another institute''s' as problema,
    'name the source of the institute that the home is of, or use another --home; if it is the same under new codes, accept it once: '
    || 'aforo run --accept {{ model.identifier }}' as remedio
from codigos
group by columna
having
    count(*) filter (where capturado and entregado)
    < {{ var('en_comun_minimo') }} * least(count(*) filter (where capturado), count(*) filter (where entregado))
{%- endif %}
{% endtest %}

{# Every period is one of the calendar's, or a month YYYYMM where no calendar is delivered. #}
{% test periodos_en_calendario(model, calendario) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    'periodo' as columna,
    {{ shown('cast(periodo as varchar)', 'integer') }} as valor,
    case
        when exists (select 1 from {{ calendario }}) then 'is not in calendario'
        else 'is not a month YYYYMM'
    end as problema,
    'correct the value, or add the period to the table calendario' as remedio
from {{ model }}
where
    periodo is not null
    and case
        when exists (select 1 from {{ calendario }})
            then not exists (select 1 from {{ calendario }} as c where c.periodo = {{ model.identifier }}.periodo)
        else periodo not between 190001 and 299912 or periodo % 100 not between 1 and 12
    end
{% endtest %}

{# Without a calendar, periods are months: those of an institute that teaches in semesters or terms would be months without a
   section for half of the year or more, each year. A holiday or two, or a year that has only begun, are not. #}
{% test periodos_son_meses(model, calendario) %}
{{ config(tags=['auditoria'], store_failures=true) }}
with
dictados as (
    select distinct make_date(periodo // 100, periodo % 100, 1) as mes
    from {{ model }}
    where periodo between 190001 and 299912 and periodo % 100 between 1 and 12 and not exists (select 1 from {{ calendario }})
),

meses as (
    select unnest(generate_series(min(mes), max(mes), interval 1 month)) as mes
    from dictados
),

del_ano as (
    select
        month(m.mes) as numero,
        bool_or(d.mes is not null) as con_secciones
    from meses as m
    left join dictados as d on m.mes = d.mes
    group by numero
)

select
    '{{ model.identifier }}' as tabla,
    (select any_value(archivo) from {{ model }}) as archivo,
    cast(null as bigint) as fila,
    'periodo' as columna,
    cast(null as varchar) as valor,
    'as months, ' || cast(count(*) filter (where not con_secciones) as varchar) || ' months of each year have no section: there are '
    || cast(count(*) filter (where con_secciones) as varchar) || ' periods a year, and no calendar says so' as problema,
    'deliver the table calendario, with the order and season of the periods (aforo init-source drafts one)' as remedio
from del_ano
having count(*) filter (where not con_secciones) >= 6
{% endtest %}

{# Seasons that never have a section, or that are not known yet, are told: no error, but what is forecast depends on it. #}
{% test avisos_de_estaciones(model, calendario) %}
{{ config(tags=['auditoria'], store_failures=true, severity='warn') }}
{{ season_notes(model, calendario) }}
{% endtest %}

{# A code that is written in two ways is two to the forecast, each with a part of the history. #}
{% test codigos_distintos(model, columnas) %}
{{ config(tags=['auditoria'], store_failures=true, severity='warn') }}
    {%- for columna in columnas %}
    {{ 'union all' if not loop.first }}
select
    '{{ model.identifier }}' as tabla,
    any_value(archivo) as archivo,
    cast(null as bigint) as fila,
    '{{ columna }}' as columna,
    {{ shown("min(" ~ columna ~ ")", 'varchar') }} as valor,
    'is written in ways that differ only in case or spaces, and counts as so many codes' as problema,
    'write it in one way, in the source or in a mapping (upper, trim), or map them in the table of codes' as remedio
from {{ model }}
where {{ columna }} is not null
group by lower(regexp_replace({{ columna }}, '\s+', '', 'g'))
having count(distinct {{ columna }}) > 1
    {%- endfor %}
{% endtest %}

{# No course is its own successor, over one step or many: a student would never end. #}
{% test sin_ciclos(model, equivalencia) %}
{{ config(tags=['auditoria'], store_failures=true) }}
with recursive
pasos as (
    select
        c.curso_actual,
        coalesce(e.curso_actual, c.curso_siguiente) as siguiente
    from {{ model }} as c
    left join {{ equivalencia }} as e on c.curso_siguiente = e.curso
    where c.curso_siguiente is not null and coalesce(e.curso_actual, c.curso_siguiente) <> c.curso_actual
),

caminos as (
    select
        curso_actual,
        siguiente
    from pasos

    union

    select
        c.curso_actual,
        p.siguiente
    from caminos as c
    inner join pasos as p on c.siguiente = p.curso_actual
    where c.siguiente <> c.curso_actual
)

select
    '{{ model.identifier }}' as tabla,
    m.archivo,
    m.fila,
    'curso_siguiente' as columna,
    {{ shown('m.curso_siguiente', 'varchar') }} as valor,
    'leads back to the course itself, over its successors' as problema,
    'name what a student who passes takes next; leave it empty for the last course' as remedio
from caminos as c
inner join {{ model }} as m on c.curso_actual = m.curso_actual
where c.siguiente = c.curso_actual
{% endtest %}

{# Where no slot of a campus lies inside of its opening hours, the campus has no candidate and no forecast. The newest period
   counts: those after it keep its hours. #}
{% test algun_horario_cabe(model, horarios, secciones) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    s.archivo,
    s.fila,
    'hora_apertura, hora_cierre' as columna,
    concat_ws(' - ', s.hora_apertura, s.hora_cierre) as valor,
    'none of the campus''s slots lies inside of its opening hours, so it has no candidate to forecast' as problema,
    'correct the hours here, or those of the slots in horarios' as remedio
from (from {{ model }} qualify periodo = max(periodo) over (partition by sede)) as s
inner join {{ secciones }} as p on s.sede = p.sede
inner join {{ horarios }} as h on p.horario = h.horario
where coalesce(s.hora_apertura, s.hora_cierre) is not null and h.hora_inicio is not null
group by all
having not bool_or(coalesce(h.hora_inicio >= s.hora_apertura, true) and coalesce(h.hora_fin <= s.hora_cierre, true))
{% endtest %}

{# Codes of sections that no mapping knows are set aside one by one; where they are many, the mapping is at fault. #}
{% test codigos_conocidos(model, columna, equivalencia, catalogo=none) %}
{{ config(tags=['auditoria'], store_failures=true) }}
with
secciones as (select * from {{ model }}),

conocidos as (
    select {{ columna }} as codigo from {{ equivalencia }}
    union
    select {{ columna }}_actual as codigo from {{ catalogo or equivalencia }}
),

contadas as (
    select
        count(*) filter (where {{ columna }} not in (select c.codigo from conocidos as c where c.codigo is not null)) as desconocidas,
        count(*) as todas,
        any_value(archivo) as archivo,
        min({{ columna }}) filter (where {{ columna }} not in (select c.codigo from conocidos as c where c.codigo is not null)) as ejemplo
    from secciones
)

select
    '{{ model.identifier }}' as tabla,
    archivo,
    cast(null as bigint) as fila,
    '{{ columna }}' as columna,
    {{ shown('ejemplo', 'varchar') }} as valor,
    cast(desconocidas as varchar) || ' of ' || cast(todas as varchar) || ' sections have a code that no mapping knows' as problema,
    'deliver the mapping of these codes ({{ equivalencia.identifier }})' as remedio
from contadas
where
    exists (select 1 from conocidos)
    and desconocidas > {{ var('sin_codigo_maximo') }} * todas
{% endtest %}

{# A capture stands in for its table for so long and no longer. A past moment that is rebuilt on purpose may be any age, and
   what publishes nothing (a backtest, dbt by hand: no run_id) too. #}
{% test respaldo_vigente(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    tabla,
    origen as archivo,
    cast(null as bigint) as fila,
    cast(null as varchar) as columna,
    cast(null as varchar) as valor,
    'its last good capture is of ' || strftime(capturada_en, '%Y-%m-%d %H:%M') || ' UTC, ' || cast(floor(edad_dias) as integer)
    || ' days old: a forecast from data older than {{ var('dias_respaldo_maximo') }} days is not published (' || motivo_estado || ')' as problema,
    'mend the source and run again; or allow older data on purpose (var dias_respaldo_maximo in dbt_project.yml)' as remedio
from {{ model }}
where estado = 'respaldo' and edad_dias > {{ var('dias_respaldo_maximo') }} and {{ of_this_run('run_id') is not none and of_this_run('as_of') is none }}
{% endtest %}

{# Yesterday's file again is sound, and still worth a word when it goes on for long. #}
{% test contenido_reciente(model) %}
{{ config(tags=['auditoria'], store_failures=true, severity='warn') }}
select
    tabla,
    origen as archivo,
    cast(null as bigint) as fila,
    cast(null as varchar) as columna,
    cast(null as varchar) as valor,
    'nothing in it has changed since ' || strftime(cambio_en, '%Y-%m-%d %H:%M') || ' UTC' as problema,
    'see whether the export still runs' as remedio
from {{ model }}
where tabla = 'programacion' and estado = 'viva' and date_diff('day', cambio_en, capturada_en) > {{ var('dias_sin_cambios_maximo') }}
{% endtest %}
