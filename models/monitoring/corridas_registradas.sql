with
registros as (
    select unnest(from_json(aforo_runs(), '[{
        "run_id": "VARCHAR", "status": "VARCHAR", "failed_step": "VARCHAR", "started_at": "TIMESTAMP", "ended_at": "TIMESTAMP",
        "deployment": "VARCHAR", "user": "VARCHAR", "source": "VARCHAR", "period": "INTEGER", "horizon": "INTEGER",
        "as_of": "TIMESTAMP", "offline": "BOOLEAN", "periods": ["INTEGER"],
        "gate": {"accepted": [{"verificacion": "VARCHAR"}], "refused": [{"verificacion": "VARCHAR"}]},
        "versions": {
            "raw_version": "VARCHAR", "platinum_version": "VARCHAR", "features_version": "VARCHAR", "target_version": "VARCHAR",
            "experiment_name": "VARCHAR"
        },
        "git_commit": "VARCHAR", "code": "VARCHAR", "package_set": "VARCHAR",
        "packages": {
            "python": "VARCHAR", "dbt-core": "VARCHAR", "duckdb": "VARCHAR", "statsforecast": "VARCHAR", "lightgbm": "VARCHAR"
        },
        "inputs": [{"table": "VARCHAR", "rows": "BIGINT", "hash": "VARCHAR"}], "fallbacks": "MAP(VARCHAR, VARCHAR)"
    }]')) as registro
)

select
    registro.run_id,
    registro.started_at as inicio,
    registro.ended_at as termino,
    case registro.status
        when 'published' then 'publicada'
        when 'captured' then 'capturada'
        when 'compared' then 'comparada'
        when 'failed' then 'fallida'
        when 'interrupted' then 'interrumpida'
        else 'en_curso'
    end as resultado,
    registro.failed_step as paso_fallido,
    registro.deployment as despliegue,
    registro.user as cuenta,
    registro.source as origen,
    registro.period as periodo_pedido,
    registro.horizon as horizonte,
    registro.as_of,
    registro.offline as sin_fuente,
    list_sort(registro.periods) as periodos,
    list_sort(list_distinct(list_transform(registro.gate.accepted, lambda v: v.verificacion))) as aceptadas,
    list_sort(list_distinct(list_transform(registro.gate.refused, lambda v: v.verificacion))) as rechazadas,
    registro.versions.raw_version as version_raw,
    registro.versions.platinum_version as version_platinum,
    registro.versions.features_version as version_features,
    registro.versions.target_version as version_target,
    registro.versions.experiment_name as experimento,
    registro.git_commit,
    registro.code as codigo,
    registro.package_set as paquetes,
    registro.packages.python as version_python,
    registro.packages."dbt-core" as version_dbt,
    registro.packages.duckdb as version_duckdb,
    registro.packages.statsforecast as version_statsforecast,
    registro.packages.lightgbm as version_lightgbm,
    registro.inputs as entradas,
    registro.fallbacks as respaldos
from registros
