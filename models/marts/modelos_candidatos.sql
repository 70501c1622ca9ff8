with
base as (select * from {{ ref('pronosticos_base') }}),

celdas as (
    select
        *,
        'celda' as nivel_jerarquia
    from {{ ref('pronosticos_celda') }}
),

pesos_superiores as (select * from {{ ref('pesos_superiores') }}),

candidatos as (
    select
        *,
        'celda' as nivel_jerarquia
    from {{ ref('candidatos') }}
),

series as (select * from {{ ref('series_jerarquia') }}),

corrida as (select * from {{ ref('corrida') }}),

exactitud as (select * from {{ ref('exactitud') }}),

-- Cells are judged by kind over the union with the real ones; a level above by its own base forecasts.
errores as (
    select
        nivel_jerarquia,
        valor as tipo_demanda,
        horizonte as h,
        modelo,
        n,
        wape,
        sesgo
    from exactitud
    where nivel_jerarquia = 'celda' and corte = 'tipo_demanda'

    union all

    select
        b.nivel_jerarquia,
        'todas' as tipo_demanda,
        b.h,
        b.modelo,
        cast(count(*) as integer) as n,
        round(sum(abs(b.yhat - s.y)) / nullif(sum(s.y), 0), 6) as wape,
        round(sum(b.yhat - s.y) / nullif(sum(s.y), 0), 6) as sesgo
    from base as b
    inner join series as s
        on b.nivel_jerarquia = s.nivel_jerarquia and b.unique_id = s.unique_id and b.indice_origen + b.h = s.indice
    where b.nivel_jerarquia <> 'celda'
    group by b.nivel_jerarquia, b.h, b.modelo
),

-- Today's forecasts of every model.
actuales as (
    select
        b.nivel_jerarquia,
        coalesce(c.tipo, 'todas') as tipo_demanda,
        b.indice_origen,
        b.h,
        b.unique_id,
        b.modelo
    from base as b
    inner join corrida as r on b.indice_origen = r.indice_corte
    left join candidatos as c
        on b.nivel_jerarquia = c.nivel_jerarquia and b.indice_origen = c.indice_origen and b.h = c.h and b.unique_id = c.unique_id
    where b.nivel_jerarquia <> 'celda' or c.unique_id is not null
),

-- A cell's mean mixes the learner's views, averaged, its mean view, the flow and a simple rule; the levels above all their models.
votos as (
    select
        a.*,
        k.unique_id is not null and k.peso_aprendiz + k.peso_aprendiz_media > 0 as con_aprendiz,
        a.nivel_jerarquia = 'celda' or s.modelo is not null as con_modelo,
        case
            when a.nivel_jerarquia <> 'celda' then coalesce(s.peso, 0)
            else
                case when a.modelo = 'flujo_retenido' then k.peso_flujo else 0 end
                + case when a.modelo = 'aprendiz_desvio' then k.peso_aprendiz_media else 0 end
                + case when a.modelo = k.modelo_regla then k.peso_regla else 0 end
                + case
                    when {{ es_vista_del_aprendiz('a.modelo', 'a.tipo_demanda') }}
                        then
                            k.peso_aprendiz
                            / count(*) filter (where {{ es_vista_del_aprendiz('a.modelo', 'a.tipo_demanda') }}) over serie
                    else 0
                end
        end as voto
    from actuales as a
    left join celdas as k
        on a.nivel_jerarquia = k.nivel_jerarquia and a.indice_origen = k.indice_origen and a.h = k.h and a.unique_id = k.unique_id
    left join pesos_superiores as s
        on
            a.indice_origen = s.indice_origen
            and a.h = s.h
            and a.nivel_jerarquia = s.nivel_jerarquia
            and a.modelo = s.modelo
    window serie as (partition by a.nivel_jerarquia, a.tipo_demanda, a.h, a.unique_id)
),

pesos as (
    select
        nivel_jerarquia,
        tipo_demanda,
        h,
        modelo,
        cast(count(*) as integer) as series,
        round(avg(voto), 6) as peso,
        bool_or(con_aprendiz) as con_aprendiz,
        bool_or(con_modelo) as con_modelo
    from votos
    group by nivel_jerarquia, tipo_demanda, h, modelo
)

select
    p.nivel_jerarquia,
    p.tipo_demanda,
    cast(p.h as integer) as horizonte,
    p.modelo,
    p.series,
    e.n,
    e.wape,
    e.sesgo,
    p.peso,
    p.peso > 0 as elegido,
    case
        when p.peso > 0 and starts_with(p.modelo, 'aprendiz') then 'vista_del_aprendiz'
        when p.peso > 0 and p.nivel_jerarquia = 'celda' and p.modelo in ('{{ simple_rules().split() | join("', '") }}') then 'regla'
        when p.peso > 0 and p.con_aprendiz then 'mezclado_con_el_aprendiz'
        when p.peso > 0 and p.nivel_jerarquia = 'celda' then 'sin_aprendiz'
        when p.peso > 0 then 'combinado_en_el_nivel'
        when p.modelo in {{ references() }} then 'referencia'
        when not p.con_modelo then 'nivel_suma_de_celdas'
        when p.con_aprendiz then 'basta_el_aprendiz'
        else 'otro_modelo_elegido'
    end as motivo_eleccion
from pesos as p
left join errores as e using (nivel_jerarquia, tipo_demanda, h, modelo)
order by p.nivel_jerarquia, p.tipo_demanda, horizonte, e.wape, p.modelo
