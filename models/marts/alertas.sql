with
vigilancia as (select * from {{ ref('vigilancia') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

-- The newest period at which a kind was looked, by itself: a forecast's is later than a count's.
vistas as (
    select
        v.*,
        d.indice,
        max(d.indice) over (partition by v.tipo, v.nivel) as ultimo_indice
    from vigilancia as v
    inner join periodos as d on v.periodo = d.periodo
),

cumplidas as (
    select
        *,
        indice - row_number() over (partition by tipo, nivel, donde order by indice) as episodio
    from vistas
    where se_cumple
),

episodios as (
    select
        tipo,
        nivel,
        donde,
        episodio,
        arg_min(periodo, indice) as desde_periodo,
        arg_max(periodo, indice) as hasta_periodo,
        max(indice) as ultimo,
        any_value(ultimo_indice) as ultimo_indice,
        count(*) as veces,
        -- As it was in the newest of its periods.
        arg_max(valor, indice) as valor,
        arg_max(umbral_inferior, indice) as umbral_inferior,
        arg_max(umbral, indice) as umbral
    from cumplidas
    group by tipo, nivel, donde, episodio
),

textos as (
    {%- for tipo, texto in alert_kinds().items() %}
    select
        '{{ tipo }}' as tipo,
        '{{ texto.gravedad }}' as gravedad,
        {{ quoted(texto.que) }} as que,
        {{ quoted(texto.que_hacer) }} as que_hacer
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    concat_ws('|', e.tipo, e.nivel, e.donde, e.desde_periodo) as alerta_id,
    e.tipo,
    t.gravedad,
    e.nivel,
    e.donde,
    replace(
        replace(
            replace(
                replace(
                    replace(t.que, '{nivel}', e.nivel),
                    '{donde}', case when e.nivel = 'total' then 'La institución' else e.donde end
                ),
                '{valor}', {{ plain_number('e.valor') }}
            ),
            '{inferior}', coalesce({{ plain_number('e.umbral_inferior') }}, '')
        ),
        '{umbral}', {{ plain_number('e.umbral') }}
    ) || ' (periodo ' || e.hasta_periodo || ').' as que,
    e.valor,
    -- The bound that was crossed.
    case when e.valor < e.umbral_inferior then e.umbral_inferior else e.umbral end as umbral,
    e.desde_periodo,
    e.hasta_periodo,
    cast(e.veces as integer) as veces,
    case
        when e.ultimo < e.ultimo_indice then 'cerrada'
        when e.veces = 1 then 'nueva'
        else 'sigue'
    end as estado,
    t.que_hacer
from episodios as e
inner join textos as t on e.tipo = t.tipo
order by alerta_id
